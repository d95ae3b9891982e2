using System.Text.Json.Nodes;
using Odin.Packagings;
using Odin.Server.Hosting;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Packagings;

/// <summary>What packagings have over REST beside what all nouns have.</summary>
internal static class PackagingEndpoints
{
    public static void MapPackagingSteps(this RouteGroupBuilder packagings)
    {
        // The inherited message has a letter too few.
        packagings.MapSteps<Packaging>("Packaging", "packaing");
        packagings.MapPut("/{id}/result", ReportAsync).WithTags("Model lifecycle").WithName("ReportPackaging").WithSummary("Packaging: what its program says of its result")
            .Takes<JsonArray>("application/json").Produces<JsonArray>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ReportAsync(string id, HttpContext context, IResourceStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        var results = (await WireObject.ReadListAsync(context.Request, cancellationToken)).Select(r => new PackagingResult(r.Text("name"), r.Text("value"))).ToList();
        await StepEndpoints.ReportAsync<Packaging>(
            id, store, time, packaging => packaging with { Status = packaging.Status with { Reported = results } }, cancellationToken);
        return LifecycleEndpoints.Answer(JsonParts.Of(results.Select(r => new JsonObject { ["name"] = r.Name, ["value"] = r.Value })));
    }
}
