using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Feedback;
using Odin.Cli.Lifecycle;
using Odin.Cli.Output;
using Odin.Cli.Shell;

namespace Odin.Cli.Models;

/// <summary><c>odin model</c>: asks models that are served, and tells what became of their predictions.</summary>
internal sealed class ModelCommand : OdinCommand
{
    private static readonly Option<string?> ModelUrl = new("--model-url") { Description = "The model, by its whole address, such as http://127.0.0.1:5000.", HelpName = "URL" };
    private static readonly Option<string?> Json = new("--json") { Description = "What is sent, JSON.", HelpName = "TEXT" };
    private static readonly Option<string?> JsonFile = new("--json-file", "--file") { Description = "A file with what is sent, JSON; '-' reads standard input.", HelpName = "FILE" };
    private static readonly Option<string?> CsvFile = new("--csv-file") { Description = "A file with rows under a line of names, CSV; '-' reads standard input.", HelpName = "FILE" };
    private static readonly Option<string?> GivenRequestId = new("--request-id") { Description = "The name that the prediction gets; left out: the server makes one.", HelpName = "ID" };
    private static readonly Option<string> RequestId = new("--request-id") { Description = "The prediction: what `odin model invoke` has printed.", HelpName = "ID", Required = true };
    private static readonly Option<string?> ModelName = new("--model-name") { Description = "The name of the model; left out: as the deployment says.", HelpName = "NAME" };
    private static readonly Option<string?> ModelVersion = new("--model-version") { Description = "Its version; left out: as the deployment says.", HelpName = "VERSION" };

    private readonly Option<string?> deployment = new("--model-deployment", "--md") { Description = "The model, by the deployment that serves it.", HelpName = "ID" };
    private readonly Option<string?> route = new("--model-route", "--mr") { Description = "The model, by a route that leads to it.", HelpName = "ID" };

    public ModelCommand(CliSession session)
        : base(session, "model", "Asks models that are served, and tells what became of their predictions.")
    {
        Group = CommandGroup.Lifecycle;
        Examples =
        [
            "odin model info --md wine",
            "odin model invoke --md wine --json-file request.json",
            "odin model invoke --md wine --csv-file wines.csv -o json",
            "odin model feedback --md wine --request-id ID --json '{\"truthful\":1}'",
        ];
        deployment.CompletionSources.Add(context => ServerCompletions.Entities(session, context, LifecycleNoun.Deployment.Path));
        route.CompletionSources.Add(context => ServerCompletions.Entities(session, context, LifecycleNoun.Route.Path));
        Symbol[] place = [deployment, route, ModelUrl];
        Add(Subcommand.CreateRemote("info", "Shows what a model takes and gives.", ShowAsync, [.. place, OutputOptions.Format]));
        Add(Subcommand.CreateRemote("invoke", "Has a model predict. The name of the prediction, and which model made it, go to standard error.", InvokeAsync, [.. place, Json, JsonFile, CsvFile, GivenRequestId, OutputOptions.Format]));
        Add(Subcommand.CreateRemote("feedback", "Tells what was true of a prediction.", ReportAsync, [.. place, RequestId, Json, JsonFile, ModelName, ModelVersion, OutputOptions.Format]));
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) =>
        throw new CliException(ExitCode.Usage, $"say what to do: {string.Join(", ", Subcommands.Select(c => c.Name))}", "`odin model --help` explains them.");

    private ModelPlace Place(ParseResult parse) => ModelPlace.Create(Session, parse, parse.GetValue(deployment), parse.GetValue(route), parse.GetValue(ModelUrl));

    private async Task<int> ShowAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var place = Place(parse);
        var printer = Session.Printer(parse);
        var answer = await place.AskAsync(HttpMethod.Get, "api/model/info", null, [], cancellationToken);
        var info = answer.Body as JsonObject
            ?? throw new CliException(ExitCode.Failure, $"{place.Title} does not describe itself: its answer is no JSON object", $"Is there a model server at {answer.Url}?");
        if (printer.Data(info, [LifecycleNoun.Find(info, "info.title")]))
            return ExitCode.Success;
        printer.Say($"{LifecycleNoun.Find(info, "info.title")} {LifecycleNoun.Find(info, "info.version")} at {answer.Url}");
        var invoke = (info["paths"] as JsonObject)?["/api/model/invoke"];
        Describe(printer, "input", LifecycleNoun.At(invoke, "post.parameters.0.schema.properties"), "data");
        Describe(printer, "output", LifecycleNoun.At(invoke, "post.responses.200.properties"), "prediction");
        return ExitCode.Success;
    }

    // Names, and an example row below which they stand.
    private static void Describe(Printer printer, string what, JsonNode? properties, string values)
    {
        var names = (LifecycleNoun.At(properties, "columns.example") as JsonArray ?? []).Select(n => n?.ToString() ?? "").ToList();
        var example = LifecycleNoun.At(properties, $"{values}.example") as JsonArray ?? [];
        var row = example is [JsonArray first, ..] ? first : example;
        printer.Say("");
        if (names.Count == 0)
            printer.Say($"It names no {what} columns.");
        else
            TextTable.WriteMany(printer.Messages, [what, "example"], [.. names.Select((n, i) => new object?[] { n, i < row.Count ? ModelAnswer.Cell(row[i]) : "" })]);
    }

    private async Task<int> InvokeAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var body = await ModelRequest.ReadAsync(Session, parse.GetValue(Json), parse.GetValue(JsonFile), parse.GetValue(CsvFile), cancellationToken) as JsonObject
            ?? throw new CliException(ExitCode.Usage, "what a model is asked is a JSON object", """Such as {"columns": ["a", "b"], "data": [[1, 2]]}.""");
        using var place = Place(parse);
        var printer = Session.Printer(parse);
        var given = parse.GetValue(GivenRequestId);
        var answer = await place.AskAsync(HttpMethod.Post, "api/model/invoke", body, given is null ? [] : [("Request-Id", given)], cancellationToken);
        var id = answer.Header("Request-Id") ?? given;
        if (!printer.Data(answer.Body, [id]))
            ModelAnswer.Write(printer, answer);
        if (id is not null && printer.Format != OutputFormat.Name)
            printer.Note($"Request-Id: {id}{AnsweredBy(answer)}");
        return ExitCode.Success;
    }

    // Headers have the names escaped, as in URLs.
    private static string AnsweredBy(ModelReply answer) => answer.Header("Model-Name") is { Length: > 0 } name
        ? $", answered by {Uri.UnescapeDataString(name)} {Uri.UnescapeDataString(answer.Header("Model-Version") ?? "")}".TrimEnd()
        : "";

    private async Task<int> ReportAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var body = await ModelRequest.ReadAsync(Session, parse.GetValue(Json), parse.GetValue(JsonFile), cancellationToken);
        using var place = Place(parse);
        var (name, version) = (parse.GetValue(ModelName), parse.GetValue(ModelVersion));
        if (name is null || version is null)
        {
            var known = await place.IdentifyAsync(cancellationToken);
            (name, version) = (name ?? known.Name, version ?? known.Version);
        }
        var id = parse.GetValue(RequestId)!;
        var answer = await new FeedbackClient(place.Api).PostAsync(id, name, version, body, cancellationToken);
        if (!answer.IsSuccess)
            throw ModelPlace.Refused(answer, "the feedback was not taken");
        var printer = Session.Printer(parse);
        if (!printer.Data(answer.Body, [id]))
            printer.Say($"The feedback on the prediction '{id}' of {name} {version} was taken.");
        return ExitCode.Success;
    }
}
