using Odin.Cli.Rest;

namespace Odin.Cli.Progress;

/// <summary>One change of a run that is being watched.</summary>
internal abstract record RunUpdate
{
    private RunUpdate()
    {
    }

    /// <summary>The run itself; its list of tasks may be empty.</summary>
    public sealed record Run(PipelineRecord Pipeline) : RunUpdate;

    /// <summary>One of its tasks.</summary>
    public sealed record Task(TaskRecord Record) : RunUpdate;

    /// <summary>Whole lines that its tasks wrote.</summary>
    public sealed record Output(string Text) : RunUpdate;

    /// <summary>There is nothing more to come.</summary>
    public sealed record Ended : RunUpdate;
}
