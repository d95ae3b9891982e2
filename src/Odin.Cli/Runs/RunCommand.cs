using System.CommandLine;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Jobs;
using Odin.Cli.Output;
using Odin.Cli.Progress;
using Odin.Cli.Rest;
using Odin.Cli.Servers;
using Odin.Cli.Shell;

namespace Odin.Cli.Runs;

/// <summary><c>odin run</c>: submits a job.</summary>
internal sealed class RunCommand : OdinCommand
{
    private readonly Argument<string> job = new("JOB") { HelpName = "JOB", Description = "The job: its directory in the pipelines repository, such as team/wine. With --local any directory." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would run, in which order and with which arguments; start nothing." };
    private static readonly Option<string?> Commit = new("--commit") { Description = "A commit, branch or tag instead of the newest.", HelpName = "REF" };
    private static readonly Option<bool> NoCache = new("--no-cache") { Description = "Run every task, also those whose outputs are there already." };

    private static readonly Option<bool> Local = new("--local") { Description = "Run a job's directory here, without any server, and print what its tasks write; with --watch show the tasks instead." };

    public RunCommand(CliSession session)
        : base(session, "run", "Runs a job. Prints the run's id and returns at once.")
    {
        Group = CommandGroup.Start;
        Examples =
        [
            "odin run wine --watch",
            "odin run wine --x:learning_rate 0.1 --x:model.depth 3",
            "odin run wine --dry-run",
            "odin run wine --from evaluate --commit 4a0c12",
            "odin run ./wine --local",
            "id=$(odin run wine -o name)",
        ];
        job.CompletionSources.Add(context => ServerCompletions.Jobs(session, context));
        Add(job);
        foreach (var option in new Option[] { RunOptions.TemplateValue, RunOptions.Watch, RunOptions.Wait, DryRun, RunOptions.From, Commit, NoCache, Local, OutputOptions.Format })
            Add(option);
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        if (parse.GetValue(Local))
            return await RunLocallyAsync(parse, cancellationToken);
        RefuseDirectory(parse.GetRequiredValue(job));
        using var call = new RemoteCall(Session, parse);
        if (call.IsWebSocket)
            return await StartOverSocketAsync(call, cancellationToken);
        var wish = new SubmitWish(
            parse.GetRequiredValue(job),
            TemplateArguments.ToContext(Session.TemplateArguments),
            parse.GetValue(Commit),
            parse.GetValue(RunOptions.From),
            parse.GetValue(NoCache));
        if (parse.GetValue(DryRun))
        {
            var plan = await call.Runs.PlanAsync(wish, cancellationToken);
            await EnsureAcceptedAsync(call, wish, plan, cancellationToken);
            PlanText.Write(call.Printer, plan);
            return ExitCode.Success;
        }
        var answer = await call.Runs.SubmitAsync(wish, cancellationToken);
        if (Session.StockAlias)
            return StockAnswer(answer);
        await EnsureAcceptedAsync(call, wish, answer, cancellationToken);
        return await FinishAsync(call, answer, cancellationToken);
    }

    /// <summary>Says what was submitted, and waits if that was asked for; also for a rerun.</summary>
    public static async Task<int> FinishAsync(RemoteCall call, ApiAnswer answer, CancellationToken cancellationToken)
    {
        var run = RunsClient.Submitted(answer);
        var id = run.Id ?? throw new CliException(ExitCode.Failure, "the server's answer has no id");
        var printer = call.Printer;
        if (!printer.Data(answer.Body, [id]))
            printer.Say(id);
        if (call.Parse.GetValue(RunOptions.Watch))
            return await new RunFollower(call).FollowAsync(id, show: true, cancellationToken);
        if (call.Parse.GetValue(RunOptions.Wait))
            return await new RunFollower(call).FollowAsync(id, show: false, cancellationToken);
        if (printer.Format == OutputFormat.Table)
        {
            var commit = (run.Commit ?? run.Version) is { Length: >= 8 } sha ? $" at commit {sha[..8]}" : "";
            printer.Note($"Submitted '{run.Job}'{commit}. Type next:");
            printer.Note($"  odin status {id} --watch    to follow it");
            printer.Note($"  odin logs {id} -f           to read its output");
            printer.Note($"  odin cancel {id}            to end it");
        }
        return ExitCode.Success;
    }

    private async Task<int> RunLocallyAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        Refuse(parse, "does not go with --local, which has neither a server nor a repository", "Leave it out.", RunOptions.From, Commit);
        var directory = parse.GetRequiredValue(job);
        var printer = Session.Printer(parse);
        var runner = new LocalRunner(Session.Environment);
        if (parse.GetValue(DryRun))
        {
            var plan = await runner.PlanAsync(directory, TemplateArguments.ToContext(Session.TemplateArguments), parse.GetValue(NoCache), cancellationToken);
            PlanText.Write(printer, plan);
            return ExitCode.Success;
        }
        var updates = runner.RunAsync(
            directory, TemplateArguments.ToContext(Session.TemplateArguments), parse.GetValue(NoCache), cancellationToken);
        PipelineRecord run;
        try
        {
            run = await RunProgressView.For(Session.Environment, printer.Format != OutputFormat.Table, lines: !parse.GetValue(RunOptions.Watch))
                .ShowAsync(updates, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            printer.Note("The run is cancelled; its processes have ended.");
            throw;
        }
        printer.Data(JsonSerializer.SerializeToNode(run, CliJson.Default.PipelineRecord), [run.Id]);
        foreach (var log in runner.FailureLogs)
            printer.Note(log);
        var logs = runner.LogsOf(directory, run.Id!);
        var written = Directory.Exists(logs) ? $", the output of its tasks is in '{logs}'" : "";
        printer.Note($"{run.Id} {run.State}. Its files are in '{runner.WorkspaceOf(directory, run.Id!)}'{written}.");
        return run.IsSuccess ? ExitCode.Success : ExitCode.Failure;
    }

    // A job is named by its directory in the repository; what leads through '.' or '..' can only be meant for this machine.
    private void RefuseDirectory(string name)
    {
        if (Session.StockAlias || !(name is ['.', ..] || name is ['/', ..] && Directory.Exists(name)))
            return;
        throw new CliException(ExitCode.Usage, $"'{name}' is a directory of this machine, not the name of a job", ForDirectory(name));
    }

    private static string ForDirectory(string directory)
    {
        var name = Path.GetFileName(Path.GetFullPath(directory).TrimEnd('/'));
        return $"`odin run {directory} --local` runs it here, without a server; `odin push {name} {directory} --create` makes it the job '{name}'.";
    }

    private static async Task EnsureAcceptedAsync(RemoteCall call, SubmitWish wish, ApiAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Status != HttpStatusCode.NotFound)
        {
            answer.EnsureSuccess();
            return;
        }
        var failure = answer.Failure(null);
        // The server says what there is; of the job it can only say that there is none.
        if (!failure.Message.StartsWith("There is no job", StringComparison.Ordinal) && !failure.Message.StartsWith("there is no job", StringComparison.Ordinal))
            throw answer.Failure(Remedy(wish, failure.Message));
        var meant = await JobNames.DidYouMeanAsync(call.Client, wish.Job, cancellationToken);
        var here = File.Exists(Path.Combine(wish.Job, "main.yml")) ? $"'{wish.Job}' is a directory here: {ForDirectory(wish.Job)}" : "";
        throw meant.Length + here.Length > 0
            ? new CliException(failure.ExitCode, failure.Message, (meant + here).TrimEnd())
            : answer.Failure(JobArgument.Hint);
    }

    private static string Remedy(SubmitWish wish, string message) =>
        wish.Commit is not null && message.Contains("revision", StringComparison.OrdinalIgnoreCase)
            ? "Leave --commit out for the newest commit, or name one that is in the repository of the jobs."
        : wish.From is not null ? $"`odin show {wish.Job}` prints the tasks, `odin list --job {wish.Job}` the runs to start from."
        : JobArgument.Hint;

    private static void Refuse(ParseResult parse, string why, string hint, params Option[] options)
    {
        foreach (var option in options.Where(o => parse.GetResult(o) is { Implicit: false }))
            throw new CliException(ExitCode.Usage, $"'{option.Name}' {why}", hint);
    }

    // The original prints whatever JSON came back; its exit code was 0 even then, which ours is not.
    private int StockAnswer(ApiAnswer answer)
    {
        Session.Environment.Out.WriteLine(answer.Body is null ? answer.Text : Printer.Line(answer.Body));
        return answer.IsSuccess ? ExitCode.Success : answer.Failure(null).ExitCode;
    }

    private async Task<int> StartOverSocketAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        Refuse(call.Parse, "is not known to the WebSocket protocol", "Leave --scheme out, or give --scheme http.", DryRun, RunOptions.From, Commit, NoCache);
        var log = Session.Environment.Error;
        if (Session.TemplateArguments.Count > 0)
            log.WriteLine("The WebSocket protocol takes no --x: values; they are ignored.");
        var failed = false;
        await foreach (var frame in call.ExchangeAsync("START", JsonValue.Create(call.Parse.GetRequiredValue(job)), cancellationToken))
        {
            log.WriteLine(frame.Text);
            failed |= frame.IsError || frame.Text.EndsWith("terminated", StringComparison.OrdinalIgnoreCase);
        }
        return failed ? ExitCode.Failure : ExitCode.Success;
    }
}
