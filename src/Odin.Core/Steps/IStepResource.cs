using Odin.Execution;
using Odin.Resources;

namespace Odin.Steps;

/// <summary>A resource that is worked on in steps: setup, a program, result.</summary>
public interface IStepResource<TSelf> : IResource<TSelf>
    where TSelf : class, IStepResource<TSelf>
{
    /// <summary>How far the work is.</summary>
    StepStatus Progress { get; }

    /// <summary>A copy with another progress.</summary>
    TSelf WithProgress(StepStatus progress);
}

/// <summary>Names of what belongs to one attempt.</summary>
public static class StepNames
{
    /// <summary>The program, and its log.</summary>
    public static ExecutionKey MainOf(string attempt) => new(attempt, attempt);

    /// <summary>The log of a step. No id of an execution is called like those of the server's own steps.</summary>
    public static LogKey LogOf(string attempt, WorkStep step) => step switch
    {
        WorkStep.Setup => new ExecutionKey(attempt, "setup~"),
        WorkStep.Result => new ExecutionKey(attempt, "result~"),
        _ => MainOf(attempt),
    };
}
