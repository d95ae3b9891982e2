using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Kubernetes.Api;
using static Odin.Kubernetes.Tests.Api.ScriptedApiServer;

namespace Odin.Kubernetes.Tests.Api;

/// <summary>Requests, pages, refusals, repeats and logs, against a server that misbehaves on command.</summary>
public sealed class KubernetesClientTests
{
    private const string PodJson = """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"n","uid":"u1","resourceVersion":"7"}}""";

    private static readonly JsonObject PodBody = new() { ["metadata"] = new JsonObject { ["name"] = "a" } };

    [Fact]
    public async Task CreateAsync_Object_IsPostedAsItIsAndReadBack()
    {
        await using var server = await StartAsync((_, context) => JsonAsync(context, PodJson, 201));
        using var client = server.Client();

        var pod = await client.CreateAsync(KubernetesResources.Pods, "n", PodBody, default);

        var request = Assert.Single(server.Requests);
        Assert.Equal(("POST", "/api/v1/namespaces/n/pods", "application/json"), (request.Method, request.Path, request.ContentType));
        Assert.Equal("""{"metadata":{"name":"a"}}""", request.Body);
        Assert.Equal("odin", request.Query["fieldManager"]);
        Assert.Equal(("u1", "7", ""), (pod.Metadata.Uid, pod.Metadata.ResourceVersion, pod.Status.Phase));
    }

    [Fact]
    public async Task Paths_OfGroupsSubresourcesAndClusterWideKinds_AreTheirs()
    {
        await using var server = await StartAsync((_, context) => JsonAsync(context, """{"metadata":{}}"""));
        using var client = server.Client();
        var jobs = KubernetesResources.CustomJobs("kubeflow.org", "v1", "tfjobs", "TFJob");

        await client.FindAsync(jobs, "n", "a b", default);
        await client.PatchAsync(jobs with { Subresource = "status" }, "n", "a", new JsonObject { ["x"] = null }, default);
        await client.FindAsync(KubernetesResources.Nodes, null, "node1", default);
        await client.ReplaceAsync(KubernetesResources.Jobs, "n", PodBody, default);

        Assert.Equal(
            ["GET /apis/kubeflow.org/v1/namespaces/n/tfjobs/a b", "PATCH /apis/kubeflow.org/v1/namespaces/n/tfjobs/a/status", "GET /api/v1/nodes/node1", "PUT /apis/batch/v1/namespaces/n/jobs/a"],
            server.Requests.Select(r => $"{r.Method} {r.Path}"));
        Assert.Equal("application/merge-patch+json", server.Requests[1].ContentType);
        Assert.Equal("""{"x":null}""", server.Requests[1].Body);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public async Task DeleteAsync_NameThatWouldMeanMore_IsNotSent(string name)
    {
        await using var server = await StartAsync((_, context) => JsonAsync(context, "{}"));
        using var client = server.Client();

        await Assert.ThrowsAsync<ArgumentException>(() => client.DeleteAsync(KubernetesResources.Pods, "n", name, new DeleteOptions(), default));
        await Assert.ThrowsAsync<ArgumentNullException>(() => client.DeleteAsync(KubernetesResources.Pods, null, "a", new DeleteOptions(), default));

        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task DeleteAsync_Options_AreSentInTheBody()
    {
        await using var server = await StartAsync((_, context) => JsonAsync(context, """{"kind":"Status","status":"Success"}"""));
        using var client = server.Client();

        Assert.True(await client.DeleteAsync(KubernetesResources.Pods, "n", "a", new DeleteOptions { Propagation = DeletePropagation.Foreground, GracePeriod = TimeSpan.FromSeconds(1.5), Uid = "u1" }, default));

        Assert.Equal(
            """{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Foreground","gracePeriodSeconds":2,"preconditions":{"uid":"u1"}}""",
            Assert.Single(server.Requests).Body);
    }

    [Fact]
    public async Task FindAndDelete_ObjectThatIsNot_AreNullAndFalse()
    {
        await using var server = await StartAsync((_, context) => StatusAsync(context, 404, "NotFound", "pods \\\"a\\\" not found", """{"name":"a","kind":"pods"}"""));
        using var client = server.Client();

        Assert.Null(await client.FindAsync(KubernetesResources.Pods, "n", "a", default));
        Assert.False(await client.DeleteAsync(KubernetesResources.Pods, "n", "a", new DeleteOptions(), default));
    }

    [Fact]
    public async Task FindAsync_KindThatIsNotInstalled_ThrowsAndSaysSo()
    {
        await using var server = await StartAsync((_, context) =>
        {
            context.Response.StatusCode = 404;
            return context.Response.WriteAsync("404 page not found\n");
        });
        using var client = server.Client();
        var jobs = KubernetesResources.CustomJobs("kubeflow.org", "v1", "tfjobs", "TFJob");

        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.FindAsync(jobs, "n", "a", default));

        Assert.True(error.IsUnknownResource);
        Assert.False(error.IsNotFound);
        Assert.Equal("404 page not found: the server does not know \"tfjobs.kubeflow.org\" at /apis/kubeflow.org/v1/namespaces/n/tfjobs/a; if it is a custom resource, install its definition", error.Message);
        Assert.False(await client.IsServedAsync(jobs, default));
    }

    [Fact]
    public async Task Refusals_SayTheServersWordsCausesAndRemedy()
    {
        await using var server = await StartAsync((request, context) => request.Path.Split('/')[^1] switch
        {
            "forbidden" => StatusAsync(context, 403, "Forbidden", "pods \\\"a\\\" is forbidden: User \\\"u\\\" cannot get resource \\\"pods\\\" in API group \\\"\\\" in the namespace \\\"n\\\"", """{"name":"a","kind":"pods"}"""),
            "quota" => StatusAsync(context, 403, "Forbidden", "pods \\\"a\\\" is forbidden: exceeded quota: q", """{"name":"a","kind":"pods"}"""),
            "invalid" => StatusAsync(context, 422, "Invalid", "Pod \\\"a\\\" is invalid: image: Required value", """{"name":"a","causes":[{"message":"Required value","field":"image"},{"message":"must be positive","field":"spec.n"}]}"""),
            "exists" => StatusAsync(context, 409, "AlreadyExists", "pods \\\"a\\\" already exists", """{"name":"a"}"""),
            "conflict" => StatusAsync(context, 409, "Conflict", "the object has been modified", """{"name":"a"}"""),
            "unauthorized" => StatusAsync(context, 401, "Unauthorized", "Unauthorized"),
            _ => StatusAsync(context, 410, "Expired", "too old"),
        });
        using var client = server.Client();
        Task<KubernetesException> RefusalOf(string name) => Assert.ThrowsAsync<KubernetesException>(() => client.FindAsync(KubernetesResources.Pods, "n", name, default));

        var forbidden = await RefusalOf("forbidden");
        Assert.Equal("pods \"a\" is forbidden: User \"u\" cannot get resource \"pods\" in API group \"\" in the namespace \"n\": give this user's role the verb \"get\" on \"pods\"", forbidden.Message);
        Assert.True(forbidden.IsForbidden);
        Assert.Equal("pods \"a\" is forbidden: exceeded quota: q", (await RefusalOf("quota")).Message);
        var invalid = await RefusalOf("invalid");
        Assert.Equal("Pod \"a\" is invalid: image: Required value (spec.n: must be positive)", invalid.Message);
        Assert.True(invalid.IsInvalid);
        Assert.Equal(2, invalid.Causes.Count);
        Assert.True((await RefusalOf("exists")) is { IsAlreadyExists: true, IsConflict: false });
        Assert.True((await RefusalOf("conflict")) is { IsAlreadyExists: false, IsConflict: true });
        Assert.Equal("Unauthorized: the credentials of a test are not accepted; they may have expired", (await RefusalOf("unauthorized")).Message);
        Assert.True((await RefusalOf("gone")).IsGone);
        Assert.Equal(7, server.Requests.Count);
    }

    [Fact]
    public async Task ListAsync_Pages_AreJoined()
    {
        await using var server = await StartAsync((request, context) => JsonAsync(context, request.Query.GetValueOrDefault("continue") switch
        {
            null => """{"metadata":{"resourceVersion":"5","continue":"t2"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}""",
            "t2" => """{"metadata":{"resourceVersion":"5","continue":"t3"},"items":[{"metadata":{"name":"c"}}]}""",
            _ => """{"metadata":{"resourceVersion":"5"},"items":null}""",
        }));
        using var client = server.Client(o => o with { PageSize = 2 });

        var list = await client.ListAsync(KubernetesResources.Pods, new KubernetesQuery { LabelSelector = "a=b,c", FieldSelector = "metadata.name!=x" }, default);

        Assert.Equal(["a", "b", "c"], list.Items.Select(p => p.Metadata.Name));
        Assert.Equal("5", list.ResourceVersion);
        Assert.All(server.Requests, r => Assert.Equal(("/api/v1/pods", "2", "a=b,c", "metadata.name!=x"), (r.Path, r.Query["limit"], r.Query["labelSelector"], r.Query["fieldSelector"])));
    }

    [Fact]
    public async Task ListAsync_PagesForgottenMeanwhile_BeginsAnewWithoutPages()
    {
        await using var server = await StartAsync((request, context) =>
            request.Query.ContainsKey("continue") ? StatusAsync(context, 410, "Expired", "The provided continue parameter is too old")
            : JsonAsync(context, request.Query.ContainsKey("limit")
                ? """{"metadata":{"resourceVersion":"5","continue":"t2"},"items":[{"metadata":{"name":"a"}}]}"""
                : """{"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"b"}},{"metadata":{"name":"c"}}]}"""));
        using var client = server.Client();

        var list = await client.ListAsync(KubernetesResources.Pods, new KubernetesQuery { Namespace = "n" }, default);

        Assert.Equal(["b", "c"], list.Items.Select(p => p.Metadata.Name));
    }

    [Theory]
    [InlineData("<html>Welcome to the router</html>")]
    [InlineData("""{"items":[]}""")]
    public async Task ListAsync_AnswerOfSomethingElse_SaysSo(string answer)
    {
        await using var server = await StartAsync((_, context) => JsonAsync(context, answer));
        using var client = server.Client();

        var error = await Assert.ThrowsAsync<KubernetesUnavailableException>(() => client.ListAsync(KubernetesResources.Pods, new KubernetesQuery(), default));

        Assert.StartsWith($"The Kubernetes API server {server.Address} (from a test) answers list pods with something else than it should", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", 429, 3)]
    [InlineData("GET", 503, 3)]
    [InlineData("GET", 500, 3)]
    [InlineData("POST", 429, 3)]
    [InlineData("POST", 503, 1)]
    [InlineData("POST", 500, 1)]
    [InlineData("DELETE", 504, 3)]
    public async Task Overload_IsRepeatedWhereThatDoesNoHarm(string method, int code, int requests)
    {
        await using var server = await StartAsync((_, context) => StatusAsync(context, code, "Busy", "storage is (re)initializing"));
        using var client = server.Client(o => o with { MaxAttempts = 3 });

        var error = await Assert.ThrowsAsync<KubernetesUnavailableException>(() => method switch
        {
            "GET" => client.FindAsync(KubernetesResources.Pods, "n", "a", default),
            "POST" => client.CreateAsync(KubernetesResources.Pods, "n", PodBody, default),
            _ => (Task)client.DeleteAsync(KubernetesResources.Pods, "n", "a", new DeleteOptions(), default),
        });

        Assert.Equal(requests, server.Requests.Count);
        Assert.Equal($"The Kubernetes API server {server.Address} cannot serve at the moment (HTTP {code}): storage is (re)initializing", error.Message);
        Assert.Equal((HttpStatusCode)code, error.StatusCode);
    }

    [Fact]
    public async Task Overload_RetryAfter_IsWaitedFor()
    {
        var time = new ManualTime();
        var count = 0;
        await using var server = await StartAsync(
            (_, context) =>
            {
                context.Response.Headers.RetryAfter = "7";
                return Interlocked.Increment(ref count) == 1 ? StatusAsync(context, 429, "TooManyRequests", "slow down") : JsonAsync(context, PodJson);
            },
            time: time);
        using var client = server.Client(o => o with { RequestTimeout = TimeSpan.FromDays(10) }, time);

        var answer = client.CreateAsync(KubernetesResources.Pods, "n", PodBody, default);
        await Eventually.True(
            () =>
            {
                if (server.Requests.Count == 1)
                    time.Advance(TimeSpan.FromSeconds(1));
                return answer.IsCompleted;
            },
            "the second attempt");

        Assert.Equal("a", (await answer).Metadata.Name);
        Assert.True(server.Requests[1].Time - server.Requests[0].Time >= TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task Overload_RetryAfterTooLong_FailsAtOnceAndPassesItOn()
    {
        await using var server = await StartAsync((_, context) =>
        {
            context.Response.Headers.RetryAfter = "3600";
            return StatusAsync(context, 503, "ServiceUnavailable", "maintenance");
        });
        using var client = server.Client();

        var error = await Assert.ThrowsAsync<KubernetesUnavailableException>(() => client.GetVersionAsync(default));

        Assert.Equal(TimeSpan.FromHours(1), error.RetryAfter);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("GET", 3)]
    [InlineData("POST", 1)]
    public async Task Connection_DroppedBeforeTheAnswer_IsRepeatedOnlyWhenIdempotent(string method, int requests)
    {
        await using var server = await StartAsync((_, context) =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        using var client = server.Client(o => o with { MaxAttempts = 3 });

        await Assert.ThrowsAsync<KubernetesUnavailableException>(() => method == "GET"
            ? client.FindAsync(KubernetesResources.Pods, "n", "a", default)
            : (Task)client.CreateAsync(KubernetesResources.Pods, "n", PodBody, default));

        Assert.Equal(requests, server.Requests.Count);
    }

    [Fact]
    public async Task Connection_Refused_SaysWhereAndWhy()
    {
        await using var server = await StartAsync((_, context) => JsonAsync(context, "{}"));
        using var client = server.Client(o => o with { MaxAttempts = 2 });
        var address = server.Address;
        await server.DisposeAsync();

        var error = await Assert.ThrowsAsync<KubernetesUnavailableException>(() => client.CreateAsync(KubernetesResources.Pods, "n", PodBody, default));

        Assert.Equal($"The Kubernetes API server {address} (from a test) does not answer: Connection refused", error.Message);
    }

    [Fact]
    public async Task Answer_NotInTime_IsUnavailable()
    {
        var time = new ManualTime();
        ScriptedApiServer? server = null;
        await using var running = server = await StartAsync((_, context) => server!.HangAsync(context));
        using var client = server.Client(o => o with { MaxAttempts = 1, RequestTimeout = TimeSpan.FromSeconds(30) }, time);

        var answer = client.FindAsync(KubernetesResources.Pods, "n", "a", default);
        await Eventually.True(() => server.Requests.Count == 1, "the request");
        time.Advance(TimeSpan.FromSeconds(31));

        var error = await Assert.ThrowsAsync<KubernetesUnavailableException>(() => answer);
        Assert.EndsWith("does not answer: no answer to get pods within 30 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_IsNotTakenForAFailure()
    {
        ScriptedApiServer? server = null;
        await using var running = server = await StartAsync((_, context) => server!.HangAsync(context));
        using var client = server.Client();
        using var stop = new CancellationTokenSource();

        var answer = client.FindAsync(KubernetesResources.Pods, "n", "a", stop.Token);
        await Eventually.True(() => server.Requests.Count == 1, "the request");
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    [Fact]
    public async Task OpenLogAsync_Followed_GivesLinesAsTheyCome()
    {
        var more = new TaskCompletionSource();
        await using var server = await StartAsync(async (_, context) =>
        {
            await SendAsync(context, "one\n");
            await more.Task;
            await SendAsync(context, "two\n");
        });
        using var client = server.Client();

        await using var log = await client.OpenLogAsync(
            new PodLogQuery { Namespace = "n", Pod = "p", Container = "c", Follow = true, Timestamps = true, Previous = true, TailLines = 3, SinceTime = new DateTimeOffset(2026, 1, 1, 2, 0, 0, 900, TimeSpan.FromHours(2)) },
            default);
        using var reader = new StreamReader(log);
        Assert.Equal("one", await reader.ReadLineAsync());
        more.SetResult();
        Assert.Equal("two", await reader.ReadLineAsync());
        Assert.Null(await reader.ReadLineAsync());

        var request = Assert.Single(server.Requests);
        Assert.Equal("/api/v1/namespaces/n/pods/p/log", request.Path);
        Assert.Equal(
            "container=c follow=true previous=true sinceTime=2026-01-01T00:00:00Z tailLines=3 timestamps=true",
            string.Join(' ', request.Query.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}")));
    }

    [Fact]
    public async Task OpenLogAsync_Refused_IsReadable()
    {
        await using var server = await StartAsync((_, context) =>
            StatusAsync(context, 400, "BadRequest", "container \\\"c\\\" in pod \\\"p\\\" is waiting to start: ContainerCreating"));
        using var client = server.Client();

        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.OpenLogAsync(new PodLogQuery { Namespace = "n", Pod = "p" }, default));

        Assert.Equal("container \"c\" in pod \"p\" is waiting to start: ContainerCreating", error.Message);
    }

    [Fact]
    public void Constructor_OptionsWithoutSense_SaysWhich()
    {
        var configuration = new KubernetesConfiguration { Server = new Uri("https://x"), Source = "a test" };

        var error = Assert.Throws<ArgumentException>(() => new KubernetesClient(
            configuration, new KubernetesApiOptions { WatchTimeout = TimeSpan.Zero }, TimeProvider.System, NullLogger<KubernetesClient>.Instance));

        Assert.Equal("WatchTimeout is 00:00:00: it must be more than nothing.", error.Message);
    }

    [Fact]
    public async Task Requests_AreCountedByVerbResourceAndNamespace()
    {
        using var counted = new CountedRequests("counted");
        await using var server = await StartAsync((request, context) => request.Method == "POST" && request.Path.EndsWith("/jobs", StringComparison.Ordinal)
            ? StatusAsync(context, 429, "TooManyRequests", "slow down")
            : JsonAsync(context, """{"metadata":{"resourceVersion":"1"},"items":[]}"""));
        using var client = server.Client(o => o with { MaxAttempts = 2 });

        await client.CreateAsync(KubernetesResources.Pods, "counted", PodBody, default);
        await client.ListAsync(KubernetesResources.Pods, new KubernetesQuery { Namespace = "counted" }, default);
        await Assert.ThrowsAsync<KubernetesUnavailableException>(() => client.CreateAsync(KubernetesResources.Jobs, "counted", PodBody, default));
        await (await client.OpenLogAsync(new PodLogQuery { Namespace = "counted", Pod = "p" }, default)).DisposeAsync();
        await client.ListAsync(KubernetesResources.Pods, new KubernetesQuery { Namespace = "another" }, default);

        Assert.Equal(["create jobs.batch 2", "create pods 1", "get pods/log 1", "list pods 1"], counted.Lines);
    }
}
