using System.Text.Json.Nodes;
using Odin.Server.Hosting;
using Odin.Server.Lifecycle;
using Odin.Storage;
using Odin.Trainings;

namespace Odin.Server.Trainings;

/// <summary>What trainings have over REST beside what all nouns have.</summary>
internal static class TrainingEndpoints
{
    public static void MapTrainingSteps(this RouteGroupBuilder trainings)
    {
        trainings.MapSteps<Training>("Training", "Training");
        trainings.MapPut("/{id}/result", ReportAsync).WithTags("Model lifecycle").WithName("ReportTraining").WithSummary("Training: what its program says of its result")
            .Takes<JsonObject>("application/json").Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
    }

    // The commit is always taken over, the others where they say something: programs call it twice.
    private static async Task<IResult> ReportAsync(string id, HttpContext context, IResourceStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = await WireObject.ReadAsync(context.Request, cancellationToken);
        var (run, artifact, commit) = (body.Text("runId"), body.Text("artifactName"), body.Text("commitID"));
        await StepEndpoints.ReportAsync<Training>(id, store, time, training =>
        {
            var before = training.Status.Reported ?? new ReportedTraining("", "", "");
            var reported = new ReportedTraining(run.Length > 0 ? run : before.RunId, artifact.Length > 0 ? artifact : before.Artifact, commit);
            return training with { Status = training.Status with { Reported = reported } };
        }, cancellationToken);
        return LifecycleEndpoints.Answer(new JsonObject { ["runId"] = run, ["artifactName"] = artifact, ["commitID"] = commit });
    }
}
