using System.Text.Json.Nodes;
using Odin.Cli.Rest;
using Odin.Pipelines;

namespace Odin.Cli.Jobs;

/// <summary>The names of jobs on a server, for who typed one that is not there.</summary>
internal static class JobNames
{
    /// <summary>A question whether the nearest name is meant, with a blank behind it; empty when none is near.</summary>
    public static async Task<string> DidYouMeanAsync(OdinClient client, string job, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync("v1/jobs", cancellationToken);
        if (!answer.IsSuccess || (answer.Body as JsonObject)?["jobs"] is not JsonArray jobs)
            return "";
        var names = jobs.OfType<JsonObject>().Select(j => j["name"]?.ToString()).OfType<string>();
        return NearestName.Find(job.Trim('/'), names) is { } near && near != job ? $"Did you mean '{near}'? " : "";
    }
}
