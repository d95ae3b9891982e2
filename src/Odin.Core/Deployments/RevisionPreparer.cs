using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Odin.Connections;
using Odin.Images;
using Odin.Reconciliation;

namespace Odin.Deployments;

/// <summary>How far the image of a deployment is.</summary>
/// <param name="Revision">Null: it is not there (yet).</param>
/// <param name="Failure">Why not; null: it is being fetched.</param>
/// <param name="RetryAfter">When it is tried again.</param>
internal sealed record Preparation(DeploymentRevision? Revision, DeploymentFailedException? Failure, TimeSpan? RetryAfter);

/// <summary>
/// Fetches and unpacks the images of deployments, beside the reconciler, which looks again when one is there. What is unpacked
/// stays for the next time; what was not finished is begun anew.
/// </summary>
internal sealed class RevisionPreparer(UnpackedImages images, ImageRegistries registries, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1), LastRetry = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Work> works = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();

    /// <summary>Asks for a look at a deployment.</summary>
    public Action<string> Wake { get; set; } = static _ => { };

    /// <summary>Goes on with the image that the deployment asks for now, and says how far it is. Returns at once.</summary>
    public Preparation Prepare(Deployment deployment)
    {
        var work = works.GetValueOrDefault(deployment.Id);
        if (work is null || work.Generation != deployment.Metadata.Generation || work.IsDue(time))
        {
            var failures = work?.Generation == deployment.Metadata.Generation ? work.Failures : 0;
            work?.Stop();
            work = new Work(deployment.Metadata.Generation, failures, CancellationTokenSource.CreateLinkedTokenSource(stopping.Token));
            works[deployment.Id] = work;
            work.Task = RunAsync(work, deployment);
        }
        return work.Outcome switch
        {
            { } outcome when work.RetryAt is { } at => outcome with { RetryAfter = at - time.GetUtcNow() },
            { } outcome => outcome,
            null => new Preparation(null, null, null),
        };
    }

    public void Forget(string deployment)
    {
        if (works.TryRemove(deployment, out var work))
            work.Stop();
    }

    public async ValueTask DisposeAsync()
    {
        // By the engine, which waits for it, and by the container in the end.
        if (stopping.IsCancellationRequested)
            return;
        await stopping.CancelAsync();
        await Task.WhenAll(works.Values.Select(w => w.Task));
        stopping.Dispose();
    }

    private async Task RunAsync(Work work, Deployment deployment)
    {
        await Task.Yield();
        try
        {
            work.Finish(new Preparation(await FetchAsync(deployment, work.Token), null, null), null);
        }
        catch (OperationCanceledException) when (work.IsStopped)
        {
            return;
        }
        // Whatever it is that stands in the way, it is told and tried again.
        catch (Exception e)
        {
            work.Failures++;
            var failure = new DeploymentFailedException(DeploymentReasons.ImagePullFailed, $"The image '{deployment.Spec.Image}' cannot be fetched. " + (e is ImageException or InvalidDataException or SecretsUnavailableException or IOException ? e.Message : $"{e.GetType().Name}: {e.Message}"), e);
            work.Finish(new Preparation(null, failure, null), time.GetUtcNow() + Backoff.Exponential(FirstRetry, LastRetry, work.Failures - 1));
        }
        finally
        {
            work.Stopping.Dispose();
        }
        Wake(deployment.Id);
    }

    private async Task<DeploymentRevision> FetchAsync(Deployment deployment, CancellationToken cancellationToken)
    {
        var spec = deployment.Spec;
        var reference = await registries.LocateAsync(spec.Image, cancellationToken);
        var connection = spec.PullConnection.Length > 0 ? await registries.FindConnectionAsync(spec.PullConnection, cancellationToken) : null;
        using var repository = await registries.OpenAsync(reference, connection, isPush: false, cancellationToken);
        BaseImage image;
        try
        {
            image = await BaseImage.FindAsync(repository, reference.Selector, null, cancellationToken);
        }
        catch (ImageException e) when (registries.HasFallenBack(spec.Image, reference))
        {
            throw new ImageException($"The server's own registry has no '{spec.Image}' (`odin packaging get` shows the images that were made), and {reference.Registry} has not given it: {e.Message}", e.IsPassing, e);
        }
        await images.UnpackAsync(image, cancellationToken);
        return new DeploymentRevision(NameOf(image.Digest!, spec), image.Digest!, deployment.Metadata.Generation);
    }

    // What a running replica cannot change; the number of replicas, the role and the annotations are no part of it.
    private static string NameOf(string digest, DeploymentSpec spec) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{digest}\n{spec.Predictor}\n{spec.Resources}")))[..8];

    private sealed class Work(long generation, int failures, CancellationTokenSource stopping)
    {
        private volatile Preparation? outcome;

        public long Generation { get; } = generation;

        public int Failures { get; set; } = failures;

        public CancellationTokenSource Stopping { get; } = stopping;

        public CancellationToken Token { get; } = stopping.Token;

        public bool IsStopped => Token.IsCancellationRequested;

        public Task Task { get; set; } = Task.CompletedTask;

        public Preparation? Outcome => outcome;

        public DateTimeOffset? RetryAt { get; private set; }

        public void Finish(Preparation result, DateTimeOffset? retryAt)
        {
            RetryAt = retryAt;
            outcome = result;
        }

        public void Stop()
        {
            try
            {
                Stopping.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has ended by itself.
            }
        }

        public bool IsDue(TimeProvider time) => outcome is not null && RetryAt is { } at && time.GetUtcNow() >= at;
    }
}
