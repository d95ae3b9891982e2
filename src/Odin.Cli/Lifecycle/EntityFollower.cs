using System.Text;
using System.Text.Json.Nodes;
using Odin.Cli.Rest;

namespace Odin.Cli.Lifecycle;

/// <summary>Watches an entity that is worked on: prints its log while it grows, and what has come of it.</summary>
internal sealed class EntityFollower(OdinClient client, LifecycleNoun noun, CliEnvironment environment)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Returns when it has ended: 0 if it succeeded.</summary>
    public async Task<int> FollowAsync(string id, CancellationToken cancellationToken)
    {
        var (printed, waitsFor) = (0L, "");
        while (true)
        {
            var entity = (await client.GetAsync(PathOf(id), cancellationToken)).EnsureSuccess($"The {noun.Singular} was deleted while we looked on.").Body!;
            switch (LifecycleNoun.Find(entity, "status.state"))
            {
                case "succeeded":
                    await CopyLogAsync(id, follow: false, printed, cancellationToken);
                    environment.Out.WriteLine(noun.Outcome!(entity));
                    return ExitCode.Success;
                case "failed":
                    await CopyLogAsync(id, follow: false, printed, cancellationToken);
                    throw new CliException(
                        ExitCode.Failure,
                        $"the {noun.Singular} '{id}' failed: {LifecycleNoun.Find(entity, "status.message") ?? LifecycleNoun.Find(entity, "status.reason")}",
                        $"`odin {noun.Command} logs {id}` prints its log again; `odin {noun.Command} edit -f FILE` runs it again.");
                case "running":
                    printed = await CopyLogAsync(id, follow: true, printed, cancellationToken);
                    break;
                default:
                    waitsFor = Tell(entity, waitsFor);
                    await Task.Delay(Pause, client.Time, cancellationToken);
                    break;
            }
        }
    }

    /// <summary>Prints the log from an offset on, and returns the offset of its end.</summary>
    public async Task<long> CopyLogAsync(string id, bool follow, long skip, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.OpenAsync($"{PathOf(id)}/log?follow={(follow ? "true" : "false")}", "text/plain", null, cancellationToken);
            await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
            var (buffer, characters, decoder, at) = (new byte[16 << 10], new char[32 << 10], Encoding.UTF8.GetDecoder(), 0L);
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                // What was printed before the connection broke is not printed again.
                var known = (int)Math.Clamp(skip - at, 0, count);
                at += count;
                environment.Out.Write(characters, 0, decoder.GetChars(buffer, known, count - known, characters, 0, flush: false));
                environment.Out.Flush();
            }
            return Math.Max(at, skip);
        }
        catch (CliException e) when (follow && e.ExitCode == ExitCode.Failure)
        {
            // It has not begun; its state says what it waits for.
            return skip;
        }
        catch (Exception e) when (follow && e is HttpRequestException or IOException)
        {
            return skip;
        }
    }

    private string Tell(JsonNode entity, string before)
    {
        var why = LifecycleNoun.Find(entity, "status.message") ?? LifecycleNoun.Find(entity, "status.reason") ?? "";
        if (why.Length > 0 && why != before)
            environment.Error.WriteLine($"The {noun.Singular} waits: {why}");
        return why;
    }

    private string PathOf(string id) => $"{noun.Path}/{Uri.EscapeDataString(id)}";
}
