using Odin.Execution;

namespace Odin.Steps;

/// <summary>What is done in each step for one kind of resource. Every step may be begun again after a crash.</summary>
public interface IStepWork<T>
    where T : class, IStepResource<T>
{
    /// <summary>How long an attempt may take, from its first step.</summary>
    TimeSpan Timeout { get; }

    /// <summary>How many are worked on at the same time by this server.</summary>
    int MaxParallel { get; }

    /// <summary>What the program runs on.</summary>
    IExecutor Executor { get; }

    /// <summary>Lays out what the program needs, into an empty workspace.</summary>
    /// <returns>What the resource knows from then on.</returns>
    /// <exception cref="StepFailedException">It cannot; the message is for the user.</exception>
    Task<Func<T, T>> SetupAsync(T resource, StepContext context, CancellationToken cancellationToken);

    /// <summary>What the server does in place of the program; null: there is a program. The same answer as long as setup is not repeated.</summary>
    /// <remarks>It returns what has come of it and throws as the other steps do.</remarks>
    Func<StepContext, CancellationToken, Task<Func<T, T>>>? WithoutProgram(T resource);

    /// <summary>The program; its key, and that it is ours to start, are seen to elsewhere.</summary>
    /// <exception cref="StepFailedException">There is none.</exception>
    Task<ExecutionSpec> DescribeProgramAsync(T resource, StepContext context, CancellationToken cancellationToken);

    /// <summary>What a program that failed has left to be known of it: the resource with that, and why it failed; null: it has not said.</summary>
    Task<(T Resource, string? Message)> ExplainAsync(T resource, StepContext context, CancellationToken cancellationToken) => Task.FromResult((resource, (string?)null));

    /// <summary>Takes over what the program has left.</summary>
    /// <returns>What has come of it.</returns>
    /// <exception cref="StepFailedException">It cannot; the message is for the user.</exception>
    Task<Func<T, T>> CollectAsync(T resource, StepContext context, CancellationToken cancellationToken);

    /// <summary>The resource for a new attempt: without what the last one has left.</summary>
    T Begin(T resource);
}

/// <summary>A step cannot be done, for a reason that the user can do something about.</summary>
/// <param name="reason">CamelCase.</param>
public sealed class StepFailedException(string reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Reason { get; } = reason;
}
