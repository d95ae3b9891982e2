namespace Odin.Predictor.Calls;

/// <summary>What became of a call.</summary>
internal abstract record CallOutcome;

/// <param name="Rows">What stands between the brackets of the array of predictions.</param>
/// <param name="Columns">The array of their names.</param>
internal sealed record Predicted(ReadOnlyMemory<byte> Rows, ReadOnlyMemory<byte> Columns) : CallOutcome;

/// <summary>The model raised an exception.</summary>
/// <param name="IsAboutInput">Whether it is of a kind that says that the values were wrong.</param>
internal sealed record ModelFailed(string Message, bool IsAboutInput) : CallOutcome;

/// <summary>The worker died of it, or at the same time.</summary>
internal sealed record WorkerLost(string Message) : CallOutcome;

/// <summary>The time is over.</summary>
/// <param name="WasRunning">False: it has only waited.</param>
internal sealed record TimedOut(bool WasRunning) : CallOutcome;
