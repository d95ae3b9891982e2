using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Chores;

/// <summary>
/// Counts the mistakes of every evaluation in the run, writes them to <c>results.csv</c> and sends a message; the value is
/// the path of that file.
/// </summary>
/// <remarks>
/// The evaluations are the executed tasks whose id contains <c>mead-eval</c>; each has left <c>TASK_ID.tsv</c> in the base
/// directory, with the expected and the predicted label in the last two columns.
/// </remarks>
internal sealed class EvaluationReportChore(Webhook webhook) : IChore
{
    private const string Mark = "mead-eval";

    public string Type => "slack-eval-report-intent";

    public IReadOnlyList<ChoreParameter> Parameters { get; } =
    [
        new("parent_details", "The record of the run: \"^parent\"."),
        Webhook.Parameter,
        new("template", "The text, with ${results}, ${total}, ${errors} and everything from the record."),
        new("base_dir", "The directory of the .tsv files; results.csv is written there."),
    ];

    public async Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken)
    {
        var record = (JsonObject)arguments.Map("parent_details").DeepClone();
        var directory = arguments.Text("base_dir");
        var counts = new List<(string Task, int Total, int Errors)>();
        foreach (var task in Executed(record).Where(id => id.Contains(Mark, StringComparison.Ordinal)))
            counts.Add(await CountAsync(directory, task, cancellationToken));
        if (counts.Count == 0)
            return new ChoreResult.Skipped($"no executed task has \"{Mark}\" in its id");
        var results = Path.Combine(directory, "results.csv");
        await File.WriteAllTextAsync(results, ToCsv(counts), cancellationToken);
        record["results"] = string.Join('\n', counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Task}: {c.Errors} of {c.Total} wrong")));
        record["total"] = counts.Sum(c => c.Total);
        record["errors"] = counts.Sum(c => c.Errors);
        await webhook.SendAsync(arguments, RecordTemplate.Fill(arguments.Text("template"), record), cancellationToken);
        return new ChoreResult.Done(results);
    }

    private static IEnumerable<string> Executed(JsonObject record) => record["executed"] is JsonArray executed
        ? executed.OfType<JsonValue>().Where(id => id.GetValueKind() == JsonValueKind.String).Select(id => id.GetValue<string>())
        : throw new ChoreException("The record of the run has no list \"executed\"; pass \"^parent\" as 'parent_details'.");

    private static async Task<(string Task, int Total, int Errors)> CountAsync(string directory, string task, CancellationToken cancellationToken)
    {
        var file = Path.Combine(directory, Path.GetFileName(task) + ".tsv");
        if (!File.Exists(file))
            throw new ChoreException($"The evaluation '{task}' has left no file '{file}'.");
        var (total, errors, number) = (0, 0, 0);
        await foreach (var line in File.ReadLinesAsync(file, cancellationToken))
        {
            number++;
            if (line.Length == 0)
                continue;
            var columns = line.Split('\t');
            if (columns.Length < 2)
                throw new ChoreException($"{file}:{number}: a line needs the expected and the predicted label, separated by a tabulator.");
            total++;
            if (columns[^1] != columns[^2])
                errors++;
        }
        return (task, total, errors);
    }

    private static string ToCsv(IEnumerable<(string Task, int Total, int Errors)> counts)
    {
        var text = new StringBuilder("task,total,errors\n");
        foreach (var (task, total, errors) in counts)
            text.Append(CultureInfo.InvariantCulture, $"{task},{total},{errors}\n");
        return text.ToString();
    }
}
