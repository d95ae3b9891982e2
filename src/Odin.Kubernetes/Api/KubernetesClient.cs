using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;

namespace Odin.Kubernetes.Api;

/// <summary>
/// Talks to the API server of a cluster. Objects are written as JSON, as manifests have it, and read as the types of this
/// folder. One for a program; any number of callers at a time; no limit on requests per second of its own.
/// </summary>
/// <remarks>
/// Every method throws <see cref="KubernetesException"/> when the server says no and <see cref="KubernetesUnavailableException"/>
/// when we could not ask, after attempts where repeating does no harm.
/// </remarks>
public sealed class KubernetesClient : IDisposable
{
    private const string FieldManager = "odin";

    private readonly KubernetesConfiguration configuration;
    private readonly KubernetesApiOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<KubernetesClient> logger;
    private readonly KubernetesTransport transport;

    public KubernetesClient(KubernetesConfiguration configuration, KubernetesApiOptions options, TimeProvider time, ILogger<KubernetesClient> logger)
    {
        options.Validate();
        this.configuration = configuration;
        this.options = options;
        this.time = time;
        this.logger = logger;
        transport = new KubernetesTransport(configuration, options, time, logger);
    }

    /// <summary>The API server.</summary>
    public Uri Server => configuration.Server;

    /// <summary>The namespace of the configuration, for who has no other.</summary>
    public string Namespace => configuration.Namespace;

    /// <summary>
    /// Makes an object. Not repeated when the connection breaks in the middle, because it may have been made: then find out,
    /// or create it again under the same name and take <see cref="KubernetesException.IsAlreadyExists"/> as success.
    /// </summary>
    public Task<T> CreateAsync<T>(KubernetesResource<T> resource, string? @namespace, JsonObject body, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        resource.RequireNamespace(@namespace);
        return WriteAsync(resource, HttpMethod.Post, "create", resource.CollectionPath(@namespace), @namespace, body, cancellationToken);
    }

    /// <summary>The object; null when there is none. A kind that the server does not know throws: that says nothing about the object.</summary>
    public async Task<T?> FindAsync<T>(KubernetesResource<T> resource, string? @namespace, string name, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        try
        {
            var request = new KubernetesRequest(HttpMethod.Get, resource.ObjectPath(@namespace, name), "get", resource.ToString(), @namespace);
            return Parse(await transport.ReadAsync(request, cancellationToken), resource.TypeInfo, request);
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>All objects that match, read page by page at one moment of the cluster's history.</summary>
    public async Task<KubernetesList<T>> ListAsync<T>(KubernetesResource<T> resource, KubernetesQuery query, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        try
        {
            return await ListAsync(resource, query, options.PageSize, cancellationToken);
        }
        catch (KubernetesException e) when (e.IsGone)
        {
            // The moment that the pages are of has been forgotten; all at once cannot fall apart like that.
            return await ListAsync(resource, query, pageSize: null, cancellationToken);
        }
    }

    /// <summary>True: it is going, or gone. False: it was not there.</summary>
    public async Task<bool> DeleteAsync<T>(
        KubernetesResource<T> resource, string? @namespace, string name, DeleteOptions deletion, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        var body = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = deletion.Propagation.ToString(),
        };
        if (deletion.GracePeriod is { } grace)
            body["gracePeriodSeconds"] = (long)Math.Ceiling(grace.TotalSeconds);
        if (deletion.Uid is { } uid)
            body["preconditions"] = new JsonObject { ["uid"] = uid };
        var request = new KubernetesRequest(HttpMethod.Delete, resource.ObjectPath(@namespace, name), "delete", resource.ToString(), @namespace)
        {
            Body = Bytes(body),
        };
        try
        {
            await transport.ReadAsync(request, cancellationToken);
            return true;
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Changes what the patch names and removes what it sets to null (JSON merge patch, RFC 7396).</summary>
    public Task<T> PatchAsync<T>(
        KubernetesResource<T> resource, string? @namespace, string name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : KubernetesObject =>
        WriteAsync(resource, HttpMethod.Patch, "patch", resource.ObjectPath(@namespace, name), @namespace, mergePatch, cancellationToken);

    /// <summary>Puts the body in the place of the object of its name; with a resource version in it only if nobody else was faster.</summary>
    public Task<T> ReplaceAsync<T>(KubernetesResource<T> resource, string? @namespace, JsonObject body, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        var name = (string?)body["metadata"]?["name"] ?? throw new ArgumentException("The body must have metadata.name.", nameof(body));
        return WriteAsync(resource, HttpMethod.Put, "update", resource.ObjectPath(@namespace, name), @namespace, body, cancellationToken);
    }

    /// <summary>
    /// The set of objects that match, then every change, without an end. Lost connections are taken up again where they broke;
    /// after a gap the whole set comes again as <see cref="WatchEventKind.Synced"/>. A server that cannot be reached is asked
    /// again and again. Throws what waiting does not mend: at once before the first set, later when it has lasted for
    /// <see cref="KubernetesApiOptions.WatchPatience"/>.
    /// </summary>
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(KubernetesResource<T> resource, KubernetesQuery query, CancellationToken cancellationToken)
        where T : KubernetesObject =>
        new ResourceWatch<T>(this, transport, resource, query, new WatchPolicy(options, time, logger)).RunAsync(cancellationToken);

    /// <summary>
    /// The log of a container, as bytes. A followed one of a silent container may not be open before its first line, because
    /// the server sends nothing until then.
    /// </summary>
    public async Task<Stream> OpenLogAsync(PodLogQuery query, CancellationToken cancellationToken)
    {
        var parameters = KubernetesRequest.Query(
            ("container", query.Container),
            ("follow", query.Follow ? "true" : null),
            ("previous", query.Previous ? "true" : null),
            ("timestamps", query.Timestamps ? "true" : null),
            ("sinceTime", query.SinceTime?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            ("tailLines", query.TailLines?.ToString(CultureInfo.InvariantCulture)));
        var path = (KubernetesResources.Pods with { Subresource = "log" }).ObjectPath(query.Namespace, query.Pod);
        var request = new KubernetesRequest(HttpMethod.Get, path + parameters, "get", "pods/log", query.Namespace)
        {
            Streams = true,
            IsPatient = query.Follow,
        };
        var response = await transport.SendAsync(request, cancellationToken);
        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }

    /// <summary>The server's version; also the cheapest way to see that it is there and lets us in.</summary>
    public async Task<ServerVersion> GetVersionAsync(CancellationToken cancellationToken)
    {
        var request = new KubernetesRequest(HttpMethod.Get, "/version", "get", "version");
        return Parse(await transport.ReadAsync(request, cancellationToken), KubernetesJson.Default.ServerVersion, request);
    }

    /// <summary>Whether the server knows the kind in this version: for custom resources, whether they are installed.</summary>
    public async Task<bool> IsServedAsync<T>(KubernetesResource<T> resource, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        try
        {
            var request = new KubernetesRequest(HttpMethod.Get, resource.GroupPath, "get", "discovery");
            var served = Parse(await transport.ReadAsync(request, cancellationToken), KubernetesJson.Default.ServedResources, request);
            return served.Resources.Any(r => r.Name == resource.Plural);
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    public void Dispose() => transport.Dispose();

    private async Task<KubernetesList<T>> ListAsync<T>(
        KubernetesResource<T> resource, KubernetesQuery query, int? pageSize, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        var items = new List<T>();
        string? next = null;
        while (true)
        {
            var parameters = KubernetesRequest.Query(
                ("labelSelector", query.LabelSelector),
                ("fieldSelector", query.FieldSelector),
                ("limit", pageSize?.ToString(CultureInfo.InvariantCulture)),
                ("continue", next));
            var path = resource.CollectionPath(query.Namespace) + parameters;
            var body = await transport.ReadAsync(new KubernetesRequest(HttpMethod.Get, path, "list", resource.ToString(), query.Namespace), cancellationToken);
            (var version, next) = ReadPage(body, resource, items);
            if (string.IsNullOrEmpty(next))
                return new KubernetesList<T>(items, version);
        }
    }

    private (string Version, string? Next) ReadPage<T>(byte[] body, KubernetesResource<T> resource, List<T> items)
        where T : KubernetesObject
    {
        try
        {
            using var page = JsonDocument.Parse(body);
            if (page.RootElement.TryGetProperty("items", out var members) && members.ValueKind == JsonValueKind.Array)
                items.AddRange(members.EnumerateArray().Select(m => m.Deserialize(resource.TypeInfo)!));
            var meta = page.RootElement.GetProperty("metadata");
            var next = meta.TryGetProperty("continue", out var more) ? more.GetString() : null;
            return (meta.GetProperty("resourceVersion").GetString() ?? "", next);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw KubernetesFailure.Unintelligible(e, "list", resource.ToString(), configuration);
        }
    }

    private async Task<T> WriteAsync<T>(
        KubernetesResource<T> resource, HttpMethod method, string verb, string path, string? @namespace, JsonObject body, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        var request = new KubernetesRequest(method, path + KubernetesRequest.Query(("fieldManager", FieldManager)), verb, resource.ToString(), @namespace)
        {
            Body = Bytes(body),
            ContentType = method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json",
        };
        return Parse(await transport.ReadAsync(request, cancellationToken), resource.TypeInfo, request);
    }

    private static byte[] Bytes(JsonObject body) => Encoding.UTF8.GetBytes(body.ToJsonString());

    private T Parse<T>(byte[] body, JsonTypeInfo<T> typeInfo, KubernetesRequest request)
    {
        try
        {
            return JsonSerializer.Deserialize(body, typeInfo) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw KubernetesFailure.Unintelligible(e, request.Verb, request.Resource, configuration);
        }
    }
}
