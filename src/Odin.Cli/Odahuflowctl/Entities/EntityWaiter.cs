using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;

namespace Odin.Cli.Odahuflowctl.Entities;

/// <summary>Waits until the server has done what an entity asks for, and says how far it is.</summary>
internal sealed class EntityWaiter(CtlSession session, CtlClient client, CtlNoun noun, string id, TimeSpan timeout)
{
    private static readonly TimeSpan JobPause = TimeSpan.FromSeconds(3), Pause = TimeSpan.FromSeconds(5);

    private readonly long start = session.Environment.Time.GetTimestamp();
    private int linesShown;

    private TimeProvider Time => session.Environment.Time;

    private int Seconds => (int)Time.GetElapsedTime(start).TotalSeconds;

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (noun.Job is not null)
            session.Out.WriteLine(CtlMessages.LogsStreaming);
        using var limit = new CancellationTokenSource(timeout, Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while (!await LookAsync(both.Token))
                await Task.Delay(noun.Job is null ? Pause : JobPause, Time, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw CtlSession.Failure(CtlMessages.TimeOut);
        }
    }

    public async Task WaitUntilGoneAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while ((await client.SendAsync(HttpMethod.Get, noun.PathOf(id), null, both.Token)).Status != HttpStatusCode.NotFound)
            {
                session.Out.WriteLine(CtlMessages.StillDeleting(id));
                await Task.Delay(Pause, Time, both.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw CtlSession.Failure(CtlMessages.TimeOut);
        }
    }

    // Whether it has ended well.
    private async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken) is not { } entity)
            return false;
        var state = LifecycleNoun.Find(entity, "status.state") ?? "";
        return noun == CtlNoun.Deployment ? IsDeployed(entity, state)
            : noun == CtlNoun.Route ? IsRouted(state)
            : await IsDoneAsync(noun.Job!, entity, state, cancellationToken);
    }

    // Null: the server did not answer this time. One that has gone away will not come back, so nobody waits for it.
    private async Task<JsonNode?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.SendAsync(HttpMethod.Get, noun.PathOf(id), null, cancellationToken);
            if (answer.Status == HttpStatusCode.NotFound)
                throw new GoneException();
            return answer.IsSuccess ? answer.Body : null;
        }
        catch (GoneException)
        {
            throw CtlSession.Failure(CtlMessages.Gone(noun.Kind, id));
        }
        catch (CliException e)
        {
            session.Debug(e.Message);
            return null;
        }
    }

    private async Task<bool> IsDoneAsync(JobWords words, JsonNode entity, string state, CancellationToken cancellationToken)
    {
        switch (state)
        {
            case "succeeded":
                await ShowLogAsync(follow: false, cancellationToken);
                session.Out.WriteLine(CtlMessages.JobDone(words, id, Seconds));
                return true;
            case "failed":
                await ShowLogAsync(follow: false, cancellationToken);
                throw CtlSession.Failure(CtlMessages.JobFailed(words, id, LifecycleNoun.Find(entity, "status.message") ?? LifecycleNoun.Find(entity, "status.reason")));
            case "":
                session.Out.WriteLine(CtlMessages.StateUnknown(words, id));
                return false;
            default:
                await ShowLogAsync(follow: true, cancellationToken);
                // The log of what has ended ends: one more look, and no pause in between.
                var after = await FindAsync(cancellationToken);
                return after is not null && LifecycleNoun.Find(after, "status.state") is "succeeded" or "failed"
                    && await IsDoneAsync(words, after, LifecycleNoun.Find(after, "status.state")!, cancellationToken);
        }
    }

    // What was shown before is not shown again.
    private async Task ShowLogAsync(bool follow, CancellationToken cancellationToken)
    {
        var (on, off) = session.Environment.ColourOut ? ("\e[36m", "\e[0m") : ("", "");
        try
        {
            var number = 0;
            await foreach (var line in client.ReadLogAsync($"{noun.PathOf(id)}/log?follow={(follow ? "true" : "false")}", cancellationToken))
            {
                if (++number <= linesShown)
                    continue;
                linesShown = number;
                await session.Out.WriteLineAsync($"{on}{line}{off}");
                await session.Out.FlushAsync(cancellationToken);
            }
        }
        catch (Exception e) when (e is CliException or HttpRequestException or IOException)
        {
            // It has not begun, or the connection broke: its state tells more.
            session.Debug(e.Message);
        }
    }

    private bool IsDeployed(JsonNode entity, string state)
    {
        switch (state)
        {
            case "Ready":
                var (wanted, available) = (Number(entity, "spec.minReplicas"), Number(entity, "status.availableReplicas"));
                if (wanted <= available)
                {
                    session.Out.WriteLine(CtlMessages.Deployed(id, Seconds));
                    return true;
                }
                session.Out.WriteLine(CtlMessages.PodsAvailable(available, wanted));
                return false;
            case "Failed":
                throw CtlSession.Failure(CtlMessages.DeploymentFailed(id));
            default:
                session.Out.WriteLine(CtlMessages.CurrentState("deployment", id, state));
                return false;
        }
    }

    private bool IsRouted(string state)
    {
        switch (state)
        {
            case "Ready":
                session.Out.WriteLine(CtlMessages.RouteReady(id));
                return true;
            case "Failed":
                throw CtlSession.Failure(CtlMessages.RouteFailed(id));
            default:
                session.Out.WriteLine(CtlMessages.CurrentState("route", id, state));
                return false;
        }
    }

    private static int Number(JsonNode entity, string place) =>
        int.TryParse(LifecycleNoun.Find(entity, place), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private sealed class GoneException : Exception;
}
