using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Models;
using Odin.Cli.Output;

namespace Odin.Cli.Feedback;

/// <summary><c>odin feedback</c>: what users said of predictions, beside the predictions.</summary>
internal sealed class FeedbackCommand : OdinCommand
{
    private const int DefaultLimit = 100, WidestCell = 60;

    private static readonly Option<string?> Model = new("--model-name") { Description = "Only those of a model; left out: of all, which takes longer.", HelpName = "NAME" };
    private static readonly Option<string?> Version = new("--model-version") { Description = "Only those of a version of it.", HelpName = "VERSION" };
    private static readonly Option<string?> Since = new("--since") { Description = "From this time on: 2026-03-04T10:00:00Z, or so long ago: 90m, 12h, 7d. Default: a day before --until.", HelpName = "TIME" };
    private static readonly Option<string?> Until = new("--until") { Description = "Up to this time. Default: now.", HelpName = "TIME" };
    private static readonly Option<int> Limit = new("--limit") { Description = "How many, at most; 0: all. Default 100.", DefaultValueFactory = _ => DefaultLimit, HelpName = "N" };
    private static readonly Option<bool> All = new("--all") { Description = "Also predictions of which nothing was said." };
    private static readonly Option<string> RequestId = new("--request-id") { Description = "The prediction: the header Request-Id of its answer.", HelpName = "ID", Required = true };
    private static readonly Option<string> NameOfModel = new("--model-name") { Description = "The header Model-Name of its answer.", HelpName = "NAME", Required = true };
    private static readonly Option<string> VersionOfModel = new("--model-version") { Description = "The header Model-Version of its answer.", HelpName = "VERSION", Required = true };
    private static readonly Option<string?> Json = new("--json") { Description = "What was true, JSON.", HelpName = "TEXT" };
    private static readonly Option<string?> JsonFile = new("--json-file", "--file") { Description = "A file with it; '-' reads standard input.", HelpName = "FILE" };
    private static readonly Option<string> Format = CreateFormat();

    public FeedbackCommand(CliSession session)
        : base(session, "feedback", "What users said of predictions, beside the predictions.")
    {
        Group = CommandGroup.Lifecycle;
        Examples =
        [
            "odin feedback send --request-id ID --model-name wine --model-version 1.0 --json '{\"truthful\":6}'",
            "odin feedback list --model-name wine --since 7d",
            "odin feedback join --model-name wine --since 30d --limit 0 -o csv",
        ];
        Symbol[] window = [Model, Version, Since, Until, Limit];
        Add(Subcommand.CreateRemote("list", "Lists what was said, by model, version and time.", ListAsync, [.. window, Format]));
        Add(Subcommand.CreateRemote(
            "join", "Shows predictions of a time with what was said of them, whenever that was. Columns of one row with names stand side by side.", JoinAsync, [.. window, All, Format]));
        Add(Subcommand.CreateRemote("send", "Tells what was true of a prediction, where there is no deployment to name.", SendAsync, RequestId, NameOfModel, VersionOfModel, Json, JsonFile, OutputOptions.Format));
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) =>
        throw new CliException(ExitCode.Usage, $"say what to do: {string.Join(", ", Subcommands.Select(c => c.Name))}", "`odin feedback --help` explains them.");

    private static Option<string> CreateFormat()
    {
        var option = new Option<string>("--output", "-o")
        {
            Description = "How to write the result. With json and csv, standard output holds nothing else, and values are not cut off.",
            DefaultValueFactory = _ => "table",
        };
        option.AcceptOnlyFromAmong("table", "json", "csv");
        return option;
    }

    private static FeedbackFilter Filter(ParseResult parse) => new(parse.GetValue(Model), parse.GetValue(Version), parse.GetValue(Since), parse.GetValue(Until));

    private async Task<int> ListAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var records = new FeedbackClient(client).ListAsync(Filter(parse), cancellationToken);
        await WriteAsync(parse, records, (columns, record) => columns.AddFeedback(record), "Nothing was said in that time. `odin feedback list --since 30d` looks further back.", cancellationToken);
        return ExitCode.Success;
    }

    private async Task<int> JoinAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var records = new FeedbackClient(client).JoinAsync(Filter(parse), parse.GetValue(All), cancellationToken);
        await WriteAsync(
            parse, records, (columns, record) => columns.AddJoined(record), "There is no prediction of that time of which anything was said. --since looks further back, --all shows the others too.", cancellationToken);
        return ExitCode.Success;
    }

    private async Task<int> SendAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var body = await ModelRequest.ReadAsync(Session, parse.GetValue(Json), parse.GetValue(JsonFile), cancellationToken);
        using var client = Session.Connect(parse);
        // As headers have them, which is escaped.
        var (id, model, version) = (parse.GetValue(RequestId)!, Uri.UnescapeDataString(parse.GetValue(NameOfModel)!), Uri.UnescapeDataString(parse.GetValue(VersionOfModel)!));
        var answer = await new FeedbackClient(client).SendAsync(id, model, version, body, cancellationToken);
        var printer = Session.Printer(parse);
        if (!printer.Data(answer, [id]))
            printer.Say($"The feedback on the prediction '{id}' of {model} {version} was taken.");
        return ExitCode.Success;
    }

    private async Task WriteAsync(ParseResult parse, IAsyncEnumerable<JsonObject> records, Action<FeedbackColumns, JsonObject> add, string none, CancellationToken cancellationToken)
    {
        var (format, limit, count) = (parse.GetValue(Format), parse.GetValue(Limit), 0);
        if (limit < 0)
            throw new CliException(ExitCode.Usage, "--limit is negative", "0 gives all.");
        var (output, columns, isCut) = (Session.Environment.Out, new FeedbackColumns(), false);
        await foreach (var record in records.WithCancellation(cancellationToken))
        {
            isCut = limit > 0 && count == limit;
            if (isCut)
                break;
            count++;
            // JSON needs no columns, so that nothing of it has to be remembered.
            if (format == "json")
                await output.WriteAsync($"{(count == 1 ? "[\n" : ",\n")}{Printer.Line(record)}");
            else
                add(columns, record);
        }
        if (format == "json")
            await output.WriteLineAsync(count == 0 ? "[]" : "\n]");
        else
            Write(columns, format == "csv");
        if (isCut)
            await Session.Environment.Error.WriteLineAsync($"There are more than these {limit}; --limit 0 gives all.");
        else if (count == 0)
            await Session.Environment.Error.WriteLineAsync(none);
    }

    private void Write(FeedbackColumns columns, bool asCsv)
    {
        var (names, rows) = columns.Read();
        if (asCsv)
        {
            foreach (var row in rows.Prepend([.. names]).Where(r => r.Length > 0))
                Session.Environment.Out.WriteLine(CsvLine(row));
        }
        else if (rows.Count > 0)
        {
            TextTable.WriteMany(Session.Environment.Out, names, [.. rows.Select(r => r.Select(object? (c) => Cut(c)).ToArray())]);
        }
    }

    // A file gets all as it is; a terminal would obey some of it.
    private string CsvLine(string[] row)
    {
        var line = string.Join(',', row.Select(Quoted));
        return Session.Environment.OutIsTerminal ? PlainText.Of(line) : line;
    }

    private static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    // A line break would tear the table.
    private static string Cut(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= WidestCell ? line : line[..(WidestCell - 2)] + " …";
    }
}
