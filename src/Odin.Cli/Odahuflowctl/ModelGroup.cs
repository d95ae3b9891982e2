using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Odahuflowctl.Entities;
using Odin.Cli.Odahuflowctl.Output;
using Odin.Cli.Output;

namespace Odin.Cli.Odahuflowctl;

/// <summary><c>model info|invoke</c>: asks a served model, found by the prefix of its address, its route or its deployment.</summary>
internal sealed class ModelGroup
{
    private readonly CtlSession session;
    private readonly Option<string?> route = CtlCommand.Text("--model-route", "The route. Default: MODEL_ROUTE_NAME of the configuration.", "--mr");
    private readonly Option<string?> deployment = CtlCommand.Text("--model-deployment", "The deployment. Default: MODEL_DEPLOYMENT_NAME of the configuration.", "--md");
    private readonly Option<string?> baseUrl = CtlCommand.Text("--base-url", "The address of the models' server. Default: MODEL_SERVER_URL, else API_URL.", "--host");
    private readonly Option<string?> modelUrl = CtlCommand.Text("--url", "The whole address of the model.");
    private readonly Option<string?> prefix = CtlCommand.Text("--url-prefix", "What comes behind the address of the server.");
    private readonly Option<string?> token = CtlCommand.Text("--token", "The model's token. Default: API_TOKEN of the configuration.", "--jwt");
    private readonly Option<string?> json = CtlCommand.Text("--json", "The request, JSON.");
    private readonly Option<string?> file = CtlCommand.Text("--json-file", "A file with the request, JSON.", "--file");

    private ModelGroup(CtlSession session) => this.session = session;

    public static Command Create(CtlSession session)
    {
        var group = new ModelGroup(session);
        Symbol[] place = [group.route, group.deployment, group.baseUrl, group.modelUrl, group.prefix, group.token];
        return CtlCommand.Group("model", null, "Ask a served model.", [],
            Subcommand.Create("info", "Show what the model takes and gives.", group.ShowAsync, place),
            Subcommand.Create("invoke", "Have the model predict.", group.InvokeAsync, [.. place, group.json, group.file]));
    }

    private async Task<int> ShowAsync(ParseResult parse, CancellationToken cancellationToken) =>
        await AskAsync(parse, HttpMethod.Get, "api/model/info", null, cancellationToken);

    private async Task<int> InvokeAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var text = (parse.GetValue(json), parse.GetValue(file)) switch
        {
            ({ } given, null) => given,
            (null, { } path) when File.Exists(path) => await File.ReadAllTextAsync(path, cancellationToken),
            (null, { } path) => throw new CtlUsageException(CtlMessages.InvalidValue("--json-file' / '--file", $"Path '{path}' does not exist.")),
            _ => throw CtlSession.Failure("Provide the request by either --json or --json-file"),
        };
        try
        {
            return JsonNode.Parse(text) is JsonObject body
                ? await AskAsync(parse, HttpMethod.Post, "api/model/invoke", body, cancellationToken)
                : throw CtlSession.Failure("The request must be a JSON object");
        }
        catch (JsonException e)
        {
            throw CtlSession.Failure($"The request is not JSON: {JsonMistake.Describe(e)}");
        }
    }

    private async Task<int> AskAsync(ParseResult parse, HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        var target = CtlTarget.From(session, null);
        if (parse.GetValue(token) is { } given)
            target = target with { Token = given };
        var model = await FindAsync(parse, target, cancellationToken);
        using var client = CtlClient.Create(session, Serving(parse, target, CtlTarget.Parse(model)));
        var answer = await client.SendAsync(method, path, body, cancellationToken);
        if ((int)answer.Status is < 200 or > 399)
        {
            throw CtlSession.Failure(
                $"Wrong status code returned: {(int)answer.Status}. Data: \"{(answer.Body is null ? "" : PythonRepr.Show(answer.Body))}\". URL: \"{model.TrimEnd('/')}/{path}\"");
        }
        session.Out.WriteLine(PythonJson.Write(answer.Body));
        return ExitCode.Success;
    }

    // A token goes where it belongs: to the API, to the models' server of the configuration, and to where the API says that a model is.
    private CtlTarget Serving(ParseResult parse, CtlTarget target, Uri url)
    {
        var isNamedHere = parse.GetValue(modelUrl) is not null || parse.GetValue(baseUrl) is not null;
        var configured = session.Configuration.Find(CtlVariable.ModelServerUrl);
        target = target with { Url = url, IsApi = false };
        // An address that the API names is not the person's own wish to send it in clear.
        if (!isNamedHere && target.Token is not null && target.Url.Scheme == "https" && url.Scheme != "https" && (configured is null || !CtlTarget.IsSameServer(configured, url)))
            throw CtlSession.Failure(CtlMessages.TokenInClear(url));
        if (parse.GetValue(token) is not null || !isNamedHere || CtlTarget.IsSameServer(session.Configuration.Text(CtlVariable.Url), url) || (configured is not null && CtlTarget.IsSameServer(configured, url)))
            return target;
        if (target.Token is not null)
            session.Environment.Error.WriteLine(CtlMessages.TokenIsForAnother(session.Configuration.Text(CtlVariable.Url), url));
        return target with { HasStored = false, Token = null, ClientId = "", ClientSecret = "" };
    }

    private async Task<string> FindAsync(ParseResult parse, CtlTarget target, CancellationToken cancellationToken)
    {
        if (parse.GetValue(modelUrl) is { } whole)
            return whole;
        var server = parse.GetValue(baseUrl) ?? session.Configuration.Find(CtlVariable.ModelServerUrl) ?? target.Url.AbsoluteUri;
        if (server.Length == 0)
            throw CtlSession.Failure(CtlMessages.BaseUrlRequired);
        if (parse.GetValue(prefix) is { } below)
            return $"{server.TrimEnd('/')}/{below.Trim('/')}";
        using var client = CtlClient.Create(session, target);
        if ((parse.GetValue(route) ?? session.Configuration.Find(CtlVariable.ModelRoute)) is { } name)
            return EdgeOf(await client.GetAsync(CtlNoun.Route.PathOf(name), cancellationToken));
        if ((parse.GetValue(deployment) ?? session.Configuration.Find(CtlVariable.ModelDeployment)) is { } deployed)
            return EdgeOf(await client.GetAsync($"{CtlNoun.Deployment.PathOf(deployed)}/default-route", cancellationToken));
        throw CtlSession.Failure(CtlMessages.ModelPlaceRequired);
    }

    private static string EdgeOf(JsonNode route) => LifecycleNoun.Find(route, "status.edgeUrl") ?? throw CtlSession.Failure("The route has no address yet");
}
