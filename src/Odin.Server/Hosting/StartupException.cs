namespace Odin.Server.Hosting;

/// <summary>The server cannot start as asked. The message says why and what to do; there is no stack trace to show.</summary>
internal sealed class StartupException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>What the exit code of the server means; the numbers are those of <c>sysexits.h</c>.</summary>
internal static class ExitCodes
{
    /// <summary>A flag or an argument is wrong.</summary>
    public const int Usage = 64;

    /// <summary>The database or the repository cannot be reached.</summary>
    public const int Unavailable = 69;

    /// <summary>Something unexpected; its text is on standard error.</summary>
    public const int Internal = 70;

    /// <summary>The data directory cannot be made or written.</summary>
    public const int CannotWrite = 73;

    /// <summary>The data directory or a port is in use.</summary>
    public const int InUse = 75;

    /// <summary>A setting is wrong.</summary>
    public const int Configuration = 78;
}
