using System.Net.Http;
using System.Net.Http.Headers;
using Odin.ObjectStorage;

namespace Odin.Images;

/// <summary>A repository of a registry, by the OCI distribution interface over HTTP.</summary>
public sealed class RemoteRepository : IImageRepository
{
    private const string Pull = "pull from", Push = "push to";

    private static readonly string[] Manifests = [MediaTypes.Manifest, MediaTypes.Index, MediaTypes.DockerManifest, MediaTypes.DockerIndex];

    private readonly string repository, pullScope, pushScope;
    private readonly RegistryOptions options;
    private readonly RegistryHttp http;

    /// <param name="registry">Host, perhaps with a port, as in <see cref="ImageReference.Registry"/>.</param>
    /// <param name="repository">As in <see cref="ImageReference.Repository"/>.</param>
    /// <param name="credentials">Null: without a name.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="ImageException">One of the names cannot be one.</exception>
    public RemoteRepository(string registry, string repository, RegistryCredentials? credentials, RegistryOptions? options = null)
    {
        if (!ImageReference.TryParse($"{registry}/{repository}", out var reference) || reference.Registry != registry || reference.Repository != repository)
            throw new ImageException($"'{registry}/{repository}' is no name of a repository: give a host, perhaps a port, and a name in lower case.", isPassing: false);
        this.repository = repository;
        this.options = options ?? new RegistryOptions();
        Name = reference.Name;
        pullScope = $"repository:{repository}:pull";
        pushScope = $"repository:{repository}:pull,push";
        http = new RegistryHttp(registry, credentials, this.options, new RegistryRefusals(registry, Name, credentials?.UserName));
    }

    public string Name { get; }

    public async Task<long?> FindBlobAsync(string digest, CancellationToken cancellationToken)
    {
        var request = new RegistryRequest(HttpMethod.Head, BlobPath(digest), pullScope, 200, 404) { Action = Pull, FollowsRedirects = true };
        using var answer = await http.RetryAsync(token => http.SendAsync(request, token), cancellationToken);
        return answer.Status == 200 ? answer.Length ?? 0 : null;
    }

    public async Task<Stream> OpenBlobAsync(string digest, CancellationToken cancellationToken)
    {
        var path = BlobPath(digest);
        var content = await ResumingStream.OpenAsync(digest, Name, OpenAsync, options.Limits, cancellationToken);
        return new VerifiedStream(content, digest, Name);

        async Task<OpenedObject> OpenAsync(long offset, string? etag, CancellationToken token)
        {
            var request = new RegistryRequest(HttpMethod.Get, path, pullScope, 200, 206, 404)
            {
                Action = Pull,
                Offset = offset,
                FollowsRedirects = true,
                IsStreamed = true,
            };
            var answer = await http.RetryAsync(t => http.SendAsync(request, t), token);
            if (answer.Status == 404)
            {
                answer.Dispose();
                throw new ImageException($"There is no blob '{digest}' in '{Name}'.", isPassing: false) { Status = 404 };
            }
            var stream = await answer.OpenAsync(token);
            if (answer.Status == 200)
                await SkipAsync(stream, offset, token);
            var length = answer.Length ?? throw new ImageException($"The registry did not say how long the blob '{digest}' in '{Name}' is.", isPassing: false);
            // Content under a digest never changes.
            return new OpenedObject(stream, answer.Status == 200 ? length : offset + length, digest);
        }
    }

    public async Task UploadBlobAsync(Descriptor blob, BlobOpener open, CancellationToken cancellationToken)
    {
        if (await FindBlobAsync(blob.Digest, cancellationToken) is not null)
            return;
        var upload = new BlobUpload(http, repository, pushScope, blob, open, options.WholeUpload);
        await upload.RunAsync(async token => await FindBlobAsync(blob.Digest, token) is not null, cancellationToken);
    }

    public async Task<bool> TryMountBlobAsync(Descriptor blob, IImageRepository from, CancellationToken cancellationToken)
    {
        if (from is not RemoteRepository other || other.http.Address != http.Address || other.repository == repository)
            return false;
        var path = $"/v2/{repository}/blobs/uploads/?mount={Uri.EscapeDataString(ContentDigest.Check(blob.Digest))}&from={Uri.EscapeDataString(other.repository)}";
        var request = new RegistryRequest(HttpMethod.Post, path, $"{pushScope} {other.pullScope}", 201, 202)
        {
            Action = Push,
            Content = _ => Task.FromResult<HttpContent>(new ByteArrayContent([])),
        };
        try
        {
            using var answer = await http.SendAsync(request, cancellationToken);
            if (answer.Status == 201)
                return true;
            if (answer.Location is { } session)
                await CancelAsync(session, cancellationToken);
        }
        catch (ImageException)
        {
            // Whatever keeps it from that: uploading will do, or will say what is wrong.
        }
        return false;
    }

    public async Task<StoredManifest?> FindManifestAsync(string selector, CancellationToken cancellationToken)
    {
        var request = new RegistryRequest(HttpMethod.Get, ManifestPath(selector), pullScope, 200, 404) { Action = Pull, Accept = Manifests, FollowsRedirects = true };
        using var answer = await http.RetryAsync(token => http.SendAsync(request, token), cancellationToken);
        if (answer.Status == 404)
            return null;
        var content = answer.Body;
        var type = ManifestJson.Parse(content, ManifestJson.Default.ManifestHead, $"{Name}:{selector}").MediaType ?? answer.ContentType ?? "";
        if (!ContentDigest.IsValid(selector))
            return new StoredManifest(ContentDigest.Of(content.Span), type, content);
        return ContentDigest.Like(selector, content.Span) == selector
            ? new StoredManifest(selector, type, content)
            : throw new ImageException($"The manifest '{selector}' in '{Name}' is damaged: its content has another digest.", isPassing: false);
    }

    public async Task<StoredManifest> PutManifestAsync(string selector, string mediaType, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var request = new RegistryRequest(HttpMethod.Put, ManifestPath(selector), pushScope, 201, 200, 202) { Action = Push, Content = CreateContent };
        using var answer = await http.RetryAsync(token => http.SendAsync(request, token), cancellationToken);
        var digest = ContentDigest.IsValid(selector) ? selector : ContentDigest.Of(content.Span);
        if (answer.Header("Docker-Content-Digest") is { } stored && stored != digest)
            throw new ImageException($"'{Name}:{selector}' was stored with the digest '{stored}' instead of '{digest}'; something on the way changed it.", isPassing: false);
        return new StoredManifest(digest, mediaType, content) { IsReferrer = answer.Header("OCI-Subject") is not null };

        Task<HttpContent> CreateContent(Watch watch)
        {
            var body = new ReadOnlyMemoryContent(content);
            body.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
            return Task.FromResult<HttpContent>(body);
        }
    }

    public void Dispose() => http.Dispose();

    private static async Task SkipAsync(Stream stream, long count, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        while (count > 0 && await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), cancellationToken) is > 0 and var read)
            count -= read;
    }

    private string BlobPath(string digest) => $"/v2/{repository}/blobs/{ContentDigest.Check(digest)}";

    private string ManifestPath(string selector) => ContentDigest.IsValid(selector) || ImageReference.IsTag(selector)
        ? $"/v2/{repository}/manifests/{selector}"
        : throw new ImageException($"'{selector}' is neither a tag nor a digest.", isPassing: false);

    private async Task CancelAsync(Uri session, CancellationToken cancellationToken)
    {
        var request = new RegistryRequest(HttpMethod.Delete, session.ToString(), pushScope, 204, 200, 202, 404) { Action = Push };
        using var answer = await http.SendAsync(request, cancellationToken);
    }
}
