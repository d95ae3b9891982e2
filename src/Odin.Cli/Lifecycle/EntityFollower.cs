using System.Text;
using System.Text.Json.Nodes;
using Odin.Cli.Rest;

namespace Odin.Cli.Lifecycle;

/// <summary>Watches an entity that is worked on: prints its log while it grows, and what has come of it.</summary>
internal sealed class EntityFollower(OdinClient client, LifecycleNoun noun, CliEnvironment environment)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Whether the work goes on when nobody looks on any more; its watcher is told so.</summary>
    public bool GoesOnAlone { get; init; } = true;

    /// <summary>Returns when it has ended: 0 if it succeeded.</summary>
    public async Task<int> FollowAsync(string id, CancellationToken cancellationToken)
    {
        var entity = await WatchAsync(id, cancellationToken);
        if (LifecycleNoun.Find(entity, "status.state") == "succeeded")
        {
            environment.Out.WriteLine(noun.Outcome!(entity));
            return ExitCode.Success;
        }
        throw new CliException(
            ExitCode.Failure,
            $"the {noun.Singular} '{id}' failed: {LifecycleNoun.Find(entity, "status.message") ?? LifecycleNoun.Find(entity, "status.reason")}",
            $"`odin {noun.Command} logs {id}` prints its log again; {(noun.IsNamedByServer ? $"`odin {noun.Command} create` makes another one" : $"`odin {noun.Command} edit -f FILE` runs it again")}.");
    }

    /// <summary>Prints its log, and returns when it has ended, well or not.</summary>
    /// <returns>The entity as it then is.</returns>
    public async Task<JsonNode> WatchAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await LookOnAsync(id, cancellationToken);
        }
        catch (OperationCanceledException) when (GoesOnAlone)
        {
            environment.Error.WriteLine($"The {noun.Singular} goes on: `odin {noun.Command} logs {id} --follow` shows it, `odin {noun.Command} delete {id}` ends it.");
            throw;
        }
        catch (CliException e) when (GoesOnAlone && e.ExitCode == ExitCode.Unavailable)
        {
            throw new CliException(e.ExitCode, e.Message, $"The {noun.Singular} goes on: `odin {noun.Command} logs {id} --follow` shows it when the server answers again. {e.Hint}".TrimEnd());
        }
    }

    private async Task<JsonNode> LookOnAsync(string id, CancellationToken cancellationToken)
    {
        var (printed, waitsFor) = (0L, "");
        while (true)
        {
            var entity = (await client.GetAsync(noun.PathOf(id), cancellationToken)).EnsureSuccess($"`odin {noun.Command} get` shows those that there are.").Body!;
            switch (LifecycleNoun.Find(entity, "status.state"))
            {
                case "succeeded" or "failed":
                    await CopyLogAsync(id, follow: false, printed, cancellationToken);
                    return entity;
                case "running":
                    var before = printed;
                    printed = await CopyLogAsync(id, follow: true, printed, cancellationToken);
                    // A server that is about to stop ends the stream at once.
                    if (printed == before)
                        await Task.Delay(Pause, client.Time, cancellationToken);
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
        var at = 0L;
        try
        {
            using var answer = await client.OpenAsync(
                $"{noun.PathOf(id)}/log?follow={(follow ? "true" : "false")}", "text/plain", $"`odin {noun.Command} get` shows those that there are.", cancellationToken);
            await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
            var (buffer, characters, decoder) = (new byte[16 << 10], new char[32 << 10], Encoding.UTF8.GetDecoder());
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
        catch (Exception e) when (follow && e is (HttpRequestException or IOException))
        {
            return Math.Max(at, skip);
        }
    }

    private string Tell(JsonNode entity, string before)
    {
        var why = LifecycleNoun.Find(entity, "status.message") ?? LifecycleNoun.Find(entity, "status.reason") ?? "";
        if (why.Length > 0 && why != before)
            environment.Error.WriteLine($"The {noun.Singular} waits: {why}");
        return why;
    }
}
