using Odin.Toolchains;

namespace Odin.Packagings;

/// <summary>The packagers that are part of this program.</summary>
internal static class BuiltInPackagers
{
    /// <summary>Those whose parts lie beside this program. An integration that names another one is run as a program.</summary>
    public static IReadOnlyList<IModelPackager> Find()
    {
        if (PythonRuntime.FindSources() is not { } runtime)
            return [];
        var command = new CliPackager(runtime);
        return PredictorFiles.Find() is { } predictor ? [new RestPackager(runtime, predictor), command] : [command];
    }
}
