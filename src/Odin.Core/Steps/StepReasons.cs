namespace Odin.Steps;

/// <summary>Reasons of work in steps, beside those of executors. They are part of the API: never rename one.</summary>
public static class StepReasons
{
    /// <summary>Others are before it.</summary>
    public const string WaitingForTurn = nameof(WaitingForTurn);

    /// <summary>What the program needs could not be laid out.</summary>
    public const string SetupFailed = nameof(SetupFailed);

    /// <summary>What the program has left could not be taken over.</summary>
    public const string ResultFailed = nameof(ResultFailed);

    /// <summary>What the server does in place of a program could not be done.</summary>
    public const string WorkFailed = nameof(WorkFailed);

    /// <summary>A place outside does not answer, or not to us.</summary>
    public const string ConnectionFailed = nameof(ConnectionFailed);

    /// <summary>The data, the source or the artifact is not where it is said to be.</summary>
    public const string NotFound = nameof(NotFound);

    /// <summary>An image could not be read, built or stored.</summary>
    public const string ImageFailed = nameof(ImageFailed);

    /// <summary>An artifact or an argument is not what it has to be.</summary>
    public const string Unfit = nameof(Unfit);

    /// <summary>Each server that began the step was stopped in it: it may be what stops them.</summary>
    public const string ServerStopped = nameof(ServerStopped);

    /// <summary>Why a step of the server's own failed, when nothing more is known.</summary>
    internal static string OfFailed(WorkStep step) => step switch
    {
        WorkStep.Setup => SetupFailed,
        WorkStep.Result => ResultFailed,
        _ => WorkFailed,
    };
}
