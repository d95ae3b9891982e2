using System.Globalization;

namespace Odin.Cli.Odahuflowctl;

/// <summary>One invocation of <c>odahuflowctl</c>.</summary>
internal sealed class CtlSession(CliEnvironment environment)
{
    public CliEnvironment Environment { get; } = environment;

    public CtlConfiguration Configuration { get; } = CtlConfiguration.Load(environment);

    /// <summary>Whether all that is done is told on standard error.</summary>
    public bool IsVerbose { get; set; }

    public TextWriter Out => Environment.Out;

    public void Debug(string message) => Log("DEBUG", message);

    public void Log(string level, string message)
    {
        if (!IsVerbose)
            return;
        var now = Environment.Time.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss,fff", CultureInfo.InvariantCulture);
        Environment.Error.WriteLine($"{now} - {level} - {message}");
    }

    /// <summary>A failure at run time: said on standard output, exit code 1.</summary>
    public static CliException Failure(string message) => new(ExitCode.Failure, message);
}

/// <summary>A command line that makes no sense: said on standard error in the shape of the older client, exit code 2.</summary>
internal sealed class CtlUsageException(string message) : Exception(message);
