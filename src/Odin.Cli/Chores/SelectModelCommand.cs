using System.CommandLine;
using Odin.Chores;
using Odin.Chores.Selection;
using Odin.Cli.Output;
using Odin.Pipelines.Yaml;

namespace Odin.Cli.Chores;

/// <summary><c>odin chore select-model</c>: the best of several trained models.</summary>
internal sealed class SelectModelCommand : TaskCommand
{
    private static readonly Option<string> Policy = new("--type") { Description = $"One of {string.Join(", ", ExportPolicy.Names)}.", HelpName = "POLICY", Required = true };
    private static readonly Option<string[]> Models = new("--models")
    {
        Description = "The models to choose from: ids or names of the tasks that trained them.",
        HelpName = "ID",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string> Metric = new("--metric") { Description = "The figure to compare. Default acc.", HelpName = "NAME", DefaultValueFactory = _ => "acc" };
    private static readonly Option<string?> Comparison = new("--user-cmp", "--user_cmp") { Description = "How: <, <=, >= or >. Default: < for losses, > for all else.", HelpName = "OPERATOR" };
    private static readonly Option<string?> Scores = new("--scores")
    {
        Description = "A JSON or YAML file with scores: {label: {metric: number}}, or a list of {label, dataset, metrics}.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Dataset = new("--dataset") { Description = "Only experiments on this data count for best-of-all.", HelpName = "NAME" };
    private static readonly Option<string?> Purpose = new("--task") { Description = "What the models were trained for; only passed on.", HelpName = "NAME" };
    private static readonly Option<string?> Label = new("--label") { Description = "Accepted for old files; the result goes into this task's outputs.", HelpName = "TASK_ID" };

    private static readonly Option<string?> ExperimentService = new("--xpctl_api_url") { Description = "Accepted for old files, and said to be so: there is --scores.", HelpName = "URL" };
    private static readonly Option<string[]> Deprecated = new("--config", "--datasets")
    {
        Description = "Accepted for old files, and said to be so; nothing reads it.",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string?>[] Ignored =
        [.. new[] { "--cred", "--settings", "--logging", "--data_root" }.Select(name => new Option<string?>(name) { Description = "Accepted for old files; nothing reads it.", HelpName = "FILE" })];

    public SelectModelCommand(CliSession session)
        : base(session, "select-model", "Chooses the best of several models; prints it and adds it to this task's outputs.")
    {
        Examples = ["odin chore select-model --type best-of-mead-eval-only --models train-a train-b --metric f1"];
        foreach (var option in new Option[] { Policy, Models, Metric, Comparison, Scores, Dataset, Purpose, Label, ExperimentService, Deprecated }.Concat(Ignored))
            Add(option);
    }

    protected override async Task<int> ActAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var request = new SelectionRequest
        {
            Models = parse.GetRequiredValue(Models),
            Metric = parse.GetRequiredValue(Metric),
            Comparison = parse.GetValue(Comparison),
            Dataset = parse.GetValue(Dataset),
            Task = parse.GetValue(Purpose),
        };
        if (parse.GetResult(ExperimentService) is not null)
            Environment.Error.WriteLine("warning: nobody is asked for scores; give them with --scores FILE");
        if (parse.GetResult(Deprecated) is not null)
            Environment.Error.WriteLine($"warning: '{Deprecated.Name}' has no effect");
        var scores = parse.GetValue(Scores) is { } file ? await ReadScoresAsync(file, cancellationToken) : [];
        var records = await ReadRunRecordAsync(cancellationToken);
        var result = ExportPolicy.Select(parse.GetRequiredValue(Policy), request, new Experiments(records, scores));
        if (result.Selected is null)
            Environment.Error.WriteLine($"warning: none of the models has a value of '{request.Metric}', so none is selected");
        var outputs = result.ToOutputs(request);
        Environment.Out.WriteLine(Printer.Line(outputs));
        if (Environment[TaskFiles.OutputsVariable] is { } path)
            await TaskFiles.AddOutputsAsync(path, outputs, cancellationToken);
        return ExitCode.Success;
    }

    private async Task<IReadOnlyList<Experiment>> ReadScoresAsync(string file, CancellationToken cancellationToken)
    {
        // JSON is YAML too.
        var (value, diagnostics) = YamlConversion.Parse(await ReadTextAsync(file, cancellationToken), Path.GetFileName(file));
        return diagnostics.Count == 0
            ? Experiments.ReadScores(value, file)
            : throw new CliException(ExitCode.InvalidPipeline, string.Join('\n', diagnostics));
    }
}
