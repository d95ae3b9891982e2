using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Models;

/// <summary>What a model has answered.</summary>
/// <param name="Url">Of the model, without a slash at its end.</param>
internal sealed record ModelReply(string Url, JsonNode? Body, string Text, HttpResponseHeaders Headers)
{
    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}

/// <summary>Where a model answers: found by its deployment or a route, or told.</summary>
internal sealed class ModelPlace : IDisposable
{
    private readonly CliSession session;
    private readonly ParseResult parse;
    private readonly string? deployment, route;
    private readonly Uri? url;

    private ModelPlace(CliSession session, ParseResult parse, string? deployment, string? route, Uri? url)
    {
        (this.session, this.parse, this.deployment, this.route, this.url) = (session, parse, deployment, route, url);
        Api = session.Connect(parse);
    }

    /// <summary>The server that knows deployments and routes.</summary>
    public OdinClient Api { get; }

    /// <summary>As in "the model of the deployment 'wine'".</summary>
    public string Title => deployment is not null ? $"the model of the deployment '{deployment}'" : route is not null ? $"the model behind the route '{route}'" : $"the model at {url}";

    /// <exception cref="CliException">It is not said which, or more than once.</exception>
    public static ModelPlace Create(CliSession session, ParseResult parse, string? deployment, string? route, string? url)
    {
        if (new[] { deployment, route, url }.Count(p => p is not null) != 1)
            throw new CliException(ExitCode.Usage, "say which model: by one of --md DEPLOYMENT, --mr ROUTE and --model-url URL", "`odin deployment get` shows the deployments that there are.");
        Uri? address = null;
        if (url is not null && (!Uri.TryCreate(url, UriKind.Absolute, out address) || address.Scheme is not ("http" or "https")))
            throw new CliException(ExitCode.Usage, $"'{url}' is no address of a model", "One looks like http://127.0.0.1:5000.");
        return new ModelPlace(session, parse, deployment, route, address);
    }

    /// <summary>What is wrong with an answer.</summary>
    public static CliException Refused(ApiAnswer answer, string what)
    {
        // The collector of feedback says "error", where others say "message".
        var why = LifecycleNoun.Find(answer.Body, "error") ?? LifecycleNoun.Find(answer.Body, "message") ?? LifecycleNoun.Find(answer.Body, "detail");
        var text = string.Create(CultureInfo.InvariantCulture, $"{what}: {why ?? $"{(int)answer.Status} {answer.Status}"}");
        return answer.Failure(null) is { } known && answer.Status != HttpStatusCode.NotFound
            ? new CliException(known.ExitCode, text, known.Hint)
            : new CliException(ExitCode.NotFound, text);
    }

    /// <summary>Asks the model.</summary>
    /// <param name="path">Below its address.</param>
    /// <exception cref="CliException">It cannot be asked, or has refused.</exception>
    public async Task<ModelReply> AskAsync(HttpMethod method, string path, JsonNode? body, IReadOnlyList<(string Name, string Value)> headers, CancellationToken cancellationToken)
    {
        var address = await FindAsync(cancellationToken);
        // What the person has named may be anybody's: the login is for the server alone.
        using var other = url is null || Api.IsOfServer(url) ? null : OdinClient.Create(session.Environment, new Connection(new Uri(url, "/"), "--model-url", null, null), ConnectionFlags.From(parse));
        var (answer, answered) = await (other ?? Api).AskAsync(method, new Uri($"{address}/{path}"), body, headers, cancellationToken);
        return answer.IsSuccess ? new ModelReply(address, answer.Body, answer.Text, answered) : throw await ExplainAsync(answer, answered, address, cancellationToken);
    }

    /// <summary>The name and the version of the model that answers.</summary>
    /// <exception cref="CliException">It is not known, or there are several.</exception>
    public async Task<(string Name, string Version)> IdentifyAsync(CancellationToken cancellationToken)
    {
        if (url is not null)
        {
            var reply = await AskAsync(HttpMethod.Get, "api/model/info", null, [], cancellationToken);
            return (LifecycleNoun.Find(reply.Body, "info.title") ?? throw Nameless(), LifecycleNoun.Find(reply.Body, "info.version") ?? throw Nameless());
        }
        var id = deployment ?? await FindTargetAsync(cancellationToken);
        var found = (await Api.GetAsync(LifecycleNoun.Deployment.PathOf(id), cancellationToken)).EnsureSuccess(Hint(LifecycleNoun.Deployment)).Body;
        return LifecycleNoun.Find(found, "status.modelName") is { Length: > 0 } name && LifecycleNoun.Find(found, "status.modelVersion") is { Length: > 0 } version ? (name, version) : throw Nameless();
    }

    public void Dispose() => Api.Dispose();

    private CliException Nameless() => new(ExitCode.Failure, $"{Title} has not said its name and version yet", "Give them with --model-name and --model-version.");

    private static string Hint(LifecycleNoun noun) => $"`odin {noun.Command} get` shows those that there are.";

    private async Task<string> FindTargetAsync(CancellationToken cancellationToken)
    {
        var found = (await Api.GetAsync(LifecycleNoun.Route.PathOf(route!), cancellationToken)).EnsureSuccess(Hint(LifecycleNoun.Route)).Body;
        var targets = (LifecycleNoun.At(found, "spec.modelDeployments") as JsonArray ?? []).Select(t => LifecycleNoun.Find(t, "mdName")).OfType<string>().ToList();
        return targets is [var only]
            ? only
            : throw new CliException(ExitCode.Usage, $"the route '{route}' leads to several models: {string.Join(", ", targets)}", "Give --model-name and --model-version as `odin model invoke` printed them, or name the deployment with --md in place of --mr.");
    }

    private async Task<string> FindAsync(CancellationToken cancellationToken)
    {
        if (url is not null)
            return url.AbsoluteUri.TrimEnd('/');
        var answer = deployment is not null
            ? await Api.GetAsync($"{LifecycleNoun.Deployment.PathOf(deployment)}/default-route", cancellationToken)
            : await Api.GetAsync(LifecycleNoun.Route.PathOf(route!), cancellationToken);
        // Who has the model's role alone may ask the model, and nothing of the API. Its default route is always there.
        if (deployment is not null && answer.Status == HttpStatusCode.Forbidden)
            return new Uri(Api.Connection.Url, $"model/{Uri.EscapeDataString(deployment)}").AbsoluteUri;
        var found = answer.EnsureSuccess(Hint(deployment is not null ? LifecycleNoun.Deployment : LifecycleNoun.Route)).Body;
        return LifecycleNoun.Find(found, "status.edgeUrl") is { Length: > 0 } edge && Uri.TryCreate(edge, UriKind.Absolute, out _)
            ? edge.TrimEnd('/')
            : throw new CliException(ExitCode.Unavailable, $"{Title} has no address yet", "Try again in a moment.");
    }

    private async Task<CliException> ExplainAsync(ApiAnswer answer, HttpResponseHeaders headers, string address, CancellationToken cancellationToken)
    {
        var by = deployment is not null ? $"--md {deployment}" : route is not null ? $"--mr {route}" : $"--model-url {url}";
        return answer.Status switch
        {
            HttpStatusCode.Forbidden => new CliException(ExitCode.Unauthorised, $"you may not ask {Title}{await RoleAsync(cancellationToken)}", "Ask an administrator for the role, or log in as another user with `odin auth -u NAME`."),
            HttpStatusCode.NotFound when answer.Text.Length == 0 => new CliException(ExitCode.NotFound, $"there is no model at {address}", Hint(LifecycleNoun.Deployment)),
            HttpStatusCode.BadRequest => new CliException(ExitCode.Failure, Refused(answer, $"{Title} does not take this").Message, $"`odin model info {by}` shows what it takes."),
            HttpStatusCode.ServiceUnavailable => new CliException(
                ExitCode.Unavailable, Refused(answer, $"{Title} cannot answer now").Message,
                $"Try again {(headers.RetryAfter?.Delta is { } wait ? string.Create(CultureInfo.InvariantCulture, $"in {wait.TotalSeconds} s") : "in a moment")}{(deployment is not null ? $"; `odin deployment get {deployment}` shows how it is" : "")}."),
            _ => Refused(answer, $"{Title} has not answered well"),
        };
    }

    private async Task<string> RoleAsync(CancellationToken cancellationToken) =>
        deployment is not null && await Api.GetAsync(LifecycleNoun.Deployment.PathOf(deployment), cancellationToken) is { IsSuccess: true } found && LifecycleNoun.Find(found.Body, "spec.roleName") is { Length: > 0 } role
            ? $": that takes the role '{role}'"
            : "";
}
