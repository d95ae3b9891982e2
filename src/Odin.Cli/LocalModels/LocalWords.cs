using Odin.Cli.Odahuflowctl;

namespace Odin.Cli.LocalModels;

/// <summary>What work on this machine says where the two names of the program differ: the older client's words are inherited.</summary>
internal abstract class LocalWords
{
    /// <summary>Of <c>odahuflowctl</c>.</summary>
    public static LocalWords Inherited { get; } = new InheritedWords();

    /// <summary>Of <c>odin</c>.</summary>
    public static LocalWords Own { get; } = new OwnWords();

    public abstract void Started(TextWriter output, int process);

    /// <param name="what">Whose program: <c>training</c>, <c>packager</c>.</param>
    public abstract CliException Failed(string what, string id, int code);

    /// <param name="name">Empty: none was given.</param>
    /// <param name="known">The models that there are.</param>
    public abstract CliException ArtifactMissing(string name, string directory, IReadOnlyList<string> known);

    private sealed class InheritedWords : LocalWords
    {
        public override void Started(TextWriter output, int process) => output.WriteLine(CtlMessages.ProcessStarted(process));

        public override CliException Failed(string what, string id, int code) => CtlSession.Failure(CtlMessages.ProcessFailed(code));

        public override CliException ArtifactMissing(string name, string directory, IReadOnlyList<string> known) => CtlSession.Failure(CtlMessages.NotADirectory(directory));
    }

    private sealed class OwnWords : LocalWords
    {
        // Its own lines say that it has begun.
        public override void Started(TextWriter output, int process)
        {
        }

        public override CliException Failed(string what, string id, int code) =>
            new(ExitCode.Failure, $"the {what} '{id}' failed: its program ended with exit code {code}", "Its own words are above.");

        public override CliException ArtifactMissing(string name, string directory, IReadOnlyList<string> known) => new(
            name.Length == 0 ? ExitCode.Usage : ExitCode.NotFound,
            name.Length == 0 ? "the packaging names no model" : $"there is no model '{name}' in '{Path.GetDirectoryName(directory)}'",
            known.Count == 0
                ? "There are none yet: `odin local train run` makes one."
                : $"Name the model with --artifact-name; there are: {string.Join(", ", known)}");
    }
}
