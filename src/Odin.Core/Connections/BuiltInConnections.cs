using Odin.Resources;

namespace Odin.Connections;

/// <summary>The connections that every server has at its first start.</summary>
public static class BuiltInConnections
{
    /// <summary>The one that takes the artifacts of trainings.</summary>
    public const string ModelsOutput = "models-output";

    /// <summary>The one to recorded predictions and feedback, for trainings.</summary>
    public const string Feedback = "feedback";

    /// <param name="directory">Where artifacts are kept.</param>
    public static IReadOnlyList<Connection> All(string directory) =>
    [
        new(new ResourceMetadata { Id = ModelsOutput }, new ConnectionSpec
        {
            Type = ConnectionTypes.Local,
            Uri = directory,
            // Trainings and packagings that name no other one need it.
            IsVital = true,
            Description = "Artifacts of trainings, in the data directory of the server.",
        }),
    ];

    /// <param name="directory">Where predictions and feedback are recorded.</param>
    public static Connection ToFeedback(string directory) => new(new ResourceMetadata { Id = Feedback }, new ConnectionSpec
    {
        Type = ConnectionTypes.Local,
        Uri = directory,
        Description = "Recorded predictions and feedback, in the data directory of the server.",
    });
}
