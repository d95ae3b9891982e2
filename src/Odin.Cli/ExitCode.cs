namespace Odin.Cli;

/// <summary>What the program's exit code means; part of its interface.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The run ended badly, or the server refused the operation.</summary>
    public const int Failure = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    public const int NotFound = 3;

    /// <summary>Not logged in, or not allowed.</summary>
    public const int Unauthorised = 4;

    /// <summary>The server cannot be reached or cannot answer now; trying again may help.</summary>
    public const int Unavailable = 5;

    /// <summary>The definition or the values given for its parameters have errors.</summary>
    public const int InvalidPipeline = 6;

    /// <summary>Ctrl-C, or SIGTERM.</summary>
    public const int Interrupted = 130;

    /// <summary>Every code with its meaning, for the reference.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Success, "Done as asked."),
        (Failure, "The run failed, or the server refused the operation."),
        (Usage, "The command line makes no sense."),
        (NotFound, "No such run, job, task, user, context or file."),
        (Unauthorised, "Not logged in, or not allowed."),
        (Unavailable, "The server cannot be reached, or cannot answer now."),
        (InvalidPipeline, "The pipeline or its parameters have errors."),
        (Interrupted, "Interrupted."),
    ];
}
