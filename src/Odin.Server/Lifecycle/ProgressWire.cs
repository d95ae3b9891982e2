using System.Text.Json.Nodes;
using Odin.Steps;

namespace Odin.Server.Lifecycle;

/// <summary>How far work is, as the inherited API says it.</summary>
internal static class ProgressWire
{
    public static JsonObject Write(StepStatus progress)
    {
        var json = new JsonObject()
            .AddFilled("podName", progress.Attempt)
            .AddFilled("state", StateOf(progress))
            .AddFilled("reason", progress.Reason)
            .AddFilled("message", progress.Message);
        if (progress.ExitCode is { } code)
            json["exitCode"] = code;
        if (progress.Attempt is not null)
            json["step"] = progress.Step.ToString().ToLowerInvariant();
        if (progress.Started is { } started)
            json["startedAt"] = WireTime.Of(started);
        if (progress.Finished is { } finished)
            json["finishedAt"] = WireTime.Of(finished);
        return json;
    }

    public static string StateOf(StepStatus progress) => progress.State.ToString().ToLowerInvariant();
}
