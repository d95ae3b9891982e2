using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Chores;

namespace Odin.Cli.Chores;

/// <summary><c>odin chore outputs</c>: values that later tasks refer to.</summary>
internal sealed class OutputsCommand : TaskCommand
{
    private static readonly Argument<string[]> Pairs = new("KEY=VALUE")
    {
        Description = "A value that reads as JSON is taken as such (numbers, true, lists), everything else as text.",
        Arity = ArgumentArity.OneOrMore,
    };

    public OutputsCommand(CliSession session)
        : base(session, "outputs", "Adds values to this task's outputs: later tasks refer to them as ^TASK.outputs.KEY.")
    {
        Examples = ["odin chore outputs accuracy=0.97 best=forest", "odin chore outputs 'labels=[\"cat\", \"dog\"]'"];
        Add(Pairs);
    }

    protected override async Task<int> ActAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var values = new JsonObject();
        foreach (var pair in parse.GetRequiredValue(Pairs))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw new CliException(ExitCode.Usage, $"'{pair}' is not of the form KEY=VALUE", "Type it as `odin chore outputs accuracy=0.97`.");
            values[pair[..equals]] = Value(pair[(equals + 1)..]);
        }
        await TaskFiles.AddOutputsAsync(TaskFile(TaskFiles.OutputsVariable), values, cancellationToken);
        return ExitCode.Success;
    }

    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }
}

/// <summary><c>odin chore early-exit</c>: the rest of the run is not needed.</summary>
internal sealed class EarlyExitCommand(CliSession session)
    : TaskCommand(session, "early-exit", "Asks that no further task of this run starts once this one has ended well; the run then counts as done.")
{
    protected override async Task<int> ActAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        await TaskFiles.AddRecordAsync(TaskFile(TaskFiles.RecordVariable), new JsonObject { ["request_early_exit"] = true }, cancellationToken);
        return ExitCode.Success;
    }
}
