using Odin.Templates;

namespace Odin.Trainings;

/// <summary>Makes the name of a training's artifact.</summary>
internal static class ArtifactNaming
{
    public static IReadOnlyCollection<string> Fields { get; } = ["Name", "Version", "RandomUUID", "CommitID"];

    public static string Render(Training training) => GoTemplate.Render(training.Spec.ArtifactName, new Dictionary<string, string>
    {
        ["Name"] = training.Spec.ModelName,
        ["Version"] = training.Spec.ModelVersion,
        ["RandomUUID"] = Guid.NewGuid().ToString(),
        ["CommitID"] = training.Status.Commit ?? "",
    });
}
