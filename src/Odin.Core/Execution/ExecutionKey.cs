namespace Odin.Execution;

/// <summary>Names one execution: one attempt of a task.</summary>
/// <param name="Group">What shares fate and clean-up: the id of the run.</param>
/// <param name="Id">Unique over all groups; a DNS label of at most 63 characters on a cluster.</param>
public readonly record struct ExecutionKey(string Group, string Id)
{
    public override string ToString() => Id;
}
