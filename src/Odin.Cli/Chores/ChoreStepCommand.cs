using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Chores;
using Odin.Cli.Output;

namespace Odin.Cli.Chores;

/// <summary>One chore on the command line: <c>odin chore copy SRC DST</c>. What has no default is an argument, the rest are options.</summary>
internal sealed class ChoreStepCommand : TaskCommand
{
    // Several values, the last argument of its command.
    private const string Files = "files";

    // These come from the run's record, or are too long or too secret to be a position on a command line.
    private static readonly string[] AsOptions = ["message", "template", "webhook"];

    private readonly string type;
    private readonly List<(string Name, Func<ParseResult, JsonNode?> Read)> values = [];

    public ChoreStepCommand(CliSession session, IChore chore)
        : base(session, chore.Type, Describe(chore))
    {
        type = chore.Type;
        foreach (var parameter in chore.Parameters)
            AddParameter(parameter);
    }

    protected override async Task<int> ActAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var chores = new BuiltInChores();
        var chore = chores.All.Single(c => c.Type == type);
        var given = new JsonObject();
        foreach (var (name, read) in values)
        {
            if (read(parse) is { } value)
                given[name] = value;
        }
        if (chore.Parameters.Any(parameter => parameter.Name == "parent_details"))
            given["parent_details"] = "^parent";
        var wired = ChoreWiring.Wire(given, chore.Parameters, await ReadRunRecordAsync(cancellationToken));
        var result = await chore.RunAsync(new ChoreArguments(chore.Parameters, wired), cancellationToken);
        if (result is ChoreResult.Skipped skipped)
            Environment.Error.WriteLine($"{type}: skipped: {skipped.Reason}");
        else if (result is ChoreResult.Done { Value: { } value })
            Environment.Out.WriteLine(value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : Printer.Line(value));
        return ExitCode.Success;
    }

    private void AddParameter(ChoreParameter parameter)
    {
        var name = parameter.Name;
        if (name == "parent_details")
            return;
        if (parameter.Default is not null)
        {
            var flag = new Option<bool>($"--no-{name}") { Description = $"Switches this off: {parameter.Description}" };
            Add(flag);
            values.Add((name, parse => parse.GetValue(flag) ? JsonValue.Create(false) : null));
        }
        else if (AsOptions.Contains(name))
        {
            var option = new Option<string?>($"--{name}") { Description = parameter.Description, HelpName = name.ToUpperInvariant(), Required = name != "webhook" };
            Add(option);
            values.Add((name, parse => parse.GetValue(option)));
        }
        else if (name == Files)
        {
            var argument = new Argument<string[]>("FILE") { Description = parameter.Description, Arity = ArgumentArity.OneOrMore };
            Add(argument);
            values.Add((name, parse => new JsonArray([.. parse.GetRequiredValue(argument).Select(file => JsonValue.Create(file))])));
        }
        else
        {
            var argument = new Argument<string>(name.ToUpperInvariant()) { Description = parameter.Description };
            Add(argument);
            values.Add((name, parse => parse.GetRequiredValue(argument)));
        }
    }

    private static string Describe(IChore chore) => chore.Type switch
    {
        "bump-k8s" => "Counts the versions of a deployment and its service up.",
        "bump-version" => "Counts the label metadata.labels.version of a Kubernetes manifest up.",
        "copy" => "Copies a file or a directory.",
        "demo-chore" => "Sends a greeting to a web hook.",
        "git-add" => "Stages files.",
        "git-commit" => "Commits what is staged, if anything is.",
        "git-pull" => "Takes over what is new in the remote.",
        "git-push" => "Pushes the branch, on top of what came to the remote first.",
        "slack-eval-report-intent" => "Counts the mistakes of the run's evaluations and sends a message.",
        "slack-message" => "Sends a text, filled from the run's record, to a web hook.",
        _ => string.Create(CultureInfo.InvariantCulture, $"Runs the chore {chore.Type}."),
    };
}
