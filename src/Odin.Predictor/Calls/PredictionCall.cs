namespace Odin.Predictor.Calls;

/// <summary>One request for the model, on its way.</summary>
/// <param name="deadline">As <see cref="TimeProvider.GetTimestamp"/>.</param>
internal sealed class PredictionCall(PredictionInput input, long entered, long deadline)
{
    private readonly TaskCompletionSource<CallOutcome> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PredictionInput Input { get; } = input;

    public long Entered { get; } = entered;

    public long Deadline { get; } = deadline;

    /// <summary>Whether it must not be joined with others, because a batch with it has failed.</summary>
    public bool IsAlone { get; set; }

    /// <summary>Its place in the queue; null when it has none.</summary>
    public LinkedListNode<PredictionCall>? Place { get; set; }

    public Task<CallOutcome> Outcome => completion.Task;

    /// <summary>The first outcome counts.</summary>
    public void Complete(CallOutcome outcome) => completion.TrySetResult(outcome);
}
