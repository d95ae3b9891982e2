using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Jobs;
using Odin.Cli.Progress;
using Odin.Cli.Rest;
using Odin.Cli.Runs;
using Odin.Cli.Servers;

namespace Odin.Cli.Demo;

/// <summary><c>odin demo</c>: a server of its own, the wine example, two runs, and a model.</summary>
internal sealed class DemoCommand : OdinCommand
{
    private const string Job = "wine";
    private static readonly Option<bool> Keep = new("--keep") { Description = "Leave the server running with its data, and say how to use it." };
    private static readonly Option<string?> Data = new("--data") { Description = "The server's data directory, which stays; without it a new one, which is removed at the end.", HelpName = "DIR" };

    public DemoCommand(CliSession session)
        : base(session, "demo", "Shows it all: starts a server, runs a real pipeline twice, trains a model, serves it and asks it, stops.")
    {
        Group = CommandGroup.Start;
        Examples = ["odin demo", "odin demo --keep --data ./demo", "odin demo --x:python .venv/bin/python"];
        Add(Keep);
        Add(Data);
        Add(RunOptions.TemplateValue);
    }

    private TextWriter Out => Session.Environment.Out;

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var example = FindExample();
        using var directory = new DemoDirectory(parse.GetValue(Data));
        try
        {
            var code = await ShowAsync(example, directory, parse.GetValue(Keep), cancellationToken);
            if (directory.Remove())
                Out.WriteLine("\nThe server has stopped, and its data is removed, the model and its image too.");
            if (code == ExitCode.Success && !parse.GetValue(Keep))
                PrintNext();
            return code;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What went wrong is best read in the server's log.
            directory.Keep();
            throw;
        }
    }

    private async Task<int> ShowAsync(string example, DemoDirectory directory, bool keep, CancellationToken cancellationToken)
    {
        Out.WriteLine($"Starting a server on '{directory.Path}' …");
        await using var server = await DemoServer.StartAsync(directory.Path, Session.Environment.Time, cancellationToken);
        using var client = Connect(server);
        Out.WriteLine($"It answers at {client.Connection.Display}.");
        await CommitAsync(client, example, cancellationToken);
        Out.WriteLine($"Committed the files of '{example}' as job '{Job}'.");

        Out.WriteLine();
        var first = await RunOnceAsync(client, show: true, cancellationToken);
        if (!first.IsSuccess)
            return await ExplainAsync(client, first, directory, cancellationToken);
        await PrintResultAsync(client, first, server, cancellationToken);

        Out.WriteLine();
        Out.WriteLine("The same commit again:");
        // Each task says where it came from in the list at the end: that once is enough.
        var second = await RunOnceAsync(client, show: false, cancellationToken);
        if (!second.IsSuccess)
            return await ExplainAsync(client, second, directory, cancellationToken);
        PrintCached(second);
        Out.WriteLine();
        var files = Path.GetFullPath("../../lifecycle/wine", example);
        await new ModelDemo(client, Session.Environment).ShowAsync(files, cancellationToken);
        var serving = new ServingDemo(client, Session.Environment, files);
        var stays = false;
        try
        {
            await serving.ShowAsync(cancellationToken);
            serving.PrintHowToAsk();
            stays = keep;
            if (keep)
            {
                server.Keep();
                directory.Keep();
                PrintHowToUse(server, client);
            }
            else
            {
                await WaitForEnterAsync(cancellationToken);
            }
        }
        finally
        {
            if (!stays)
                await serving.StopAsync(CancellationToken.None);
        }
        return ExitCode.Success;
    }

    // The line that asks the model is worth something only while there is a server.
    private async Task WaitForEnterAsync(CancellationToken cancellationToken)
    {
        if (!Session.Environment.CanPrompt || !Session.Environment.OutIsTerminal)
            return;
        Out.WriteLine();
        Out.Write("The server runs until you press Enter. ");
        await Session.Environment.In.ReadLineAsync(cancellationToken);
    }

    private OdinClient Connect(DemoServer server)
    {
        // A token of its own: this server is not one to remember.
        var flags = new ConnectionFlags { TokenFile = Path.Combine(server.DataDirectory, "demo-token") };
        return OdinClient.Create(Session.Environment, new Connection(server.Address.Url, "the demo", null, server.Address), flags);
    }

    // Each push is a commit; the definition comes last, so that no commit has one whose files are missing.
    private static async Task CommitAsync(OdinClient client, string example, CancellationToken cancellationToken)
    {
        var created = await CreateCommand.SendAsync(client, Job, cancellationToken);
        if (created.Status != HttpStatusCode.Conflict)
            created.EnsureSuccess();
        var files = Directory.GetFiles(example).Where(f => !Path.GetFileName(f).StartsWith('.'))
            .OrderBy(f => Path.GetFileName(f) == "main.yml").ThenBy(f => f, StringComparer.Ordinal);
        foreach (var file in files)
            await PushCommand.SendAsync(client, Job, Path.GetFileName(file), await File.ReadAllBytesAsync(file, cancellationToken), cancellationToken);
    }

    private async Task<PipelineRecord> RunOnceAsync(OdinClient client, bool show, CancellationToken cancellationToken)
    {
        var runs = new RunsClient(client);
        var context = TemplateArguments.ToContext(Session.TemplateArguments);
        // The script that starts the program looks for an interpreter with scikit-learn; the job has a default of its own.
        if (!context.ContainsKey("python") && Session.Environment["ODIN_DEMO_PYTHON"] is { } python)
            context["python"] = python;
        var submitted = RunsClient.Submitted(await runs.SubmitAsync(new SubmitWish(Job, context, null, null, false), cancellationToken));
        var view = show ? RunProgressView.For(Session.Environment, besideData: false) : new RunProgressView(TextWriter.Null, live: false, colour: false, Session.Environment.Time);
        return await view.ShowAsync(runs.WatchAsync(submitted.Id!, cancellationToken), cancellationToken);
    }

    private async Task PrintResultAsync(OdinClient client, PipelineRecord run, DemoServer server, CancellationToken cancellationToken)
    {
        var evaluate = await OutputsAsync(client, $"{run.Id}--evaluate", cancellationToken);
        var report = await OutputsAsync(client, $"{run.Id}--report", cancellationToken);
        Out.WriteLine();
        Out.WriteLine($"Best model: {evaluate["best"]} with accuracy {Figure(evaluate["accuracy"])}");
        var path = report["report"]?.ToString() ?? "";
        var original = Path.GetFullPath(path, Path.Combine(server.DataDirectory, "workspaces", run.Id!));
        Out.WriteLine($"Report:     {KeepReport(original)}");
    }

    // The data goes when the demo ends, and the report is what one wants to look at then.
    private string KeepReport(string original)
    {
        // It is where a server of this user keeps its data, if there is ever one.
        DemoDirectory.Prepare(Session.Environment.DataDirectory);
        var kept = Path.Combine(Directory.CreateDirectory(Path.Combine(Session.Environment.DataDirectory, "demo")).FullName, "report.html");
        File.Copy(original, kept, overwrite: true);
        return kept;
    }

    private static async Task<JsonObject> OutputsAsync(OdinClient client, string task, CancellationToken cancellationToken)
    {
        var answer = (await client.GetAsync(Paths.Resource(task, "data"), cancellationToken)).EnsureSuccess();
        return answer.Member("jobs")["outputs"] as JsonObject ?? [];
    }

    private static string Figure(JsonNode? node) =>
        double.TryParse(node?.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number.ToString("0.0###", CultureInfo.InvariantCulture)
            : node?.ToString() ?? "unknown";

    private void PrintCached(PipelineRecord run)
    {
        var cached = run.Tasks.Where(t => RunProgress.StateOf(t) == "Cached").ToList();
        Out.WriteLine();
        Out.WriteLine($"{cached.Count} of {run.Tasks.Count} tasks came from the cache:");
        foreach (var task in cached)
            Out.WriteLine($"  {RunProgress.NameOf(task)}: {task.CacheNote}");
    }

    private void PrintHowToUse(DemoServer server, OdinClient client)
    {
        var url = client.Connection.Display;
        Out.WriteLine();
        Out.WriteLine($"The server goes on at {url} (process {server.ProcessId}, log '{server.LogFile}'). Type next:");
        Out.WriteLine($"  export ODIN_DATA='{server.DataDirectory}'   so that `odin` finds it without any flag");
        Out.WriteLine($"  odin list");
        Out.WriteLine($"  odin run {Job} --watch");
        Out.WriteLine("  odin deployment delete wine   so that the model's process does not outlive the server");
        Out.WriteLine($"  kill {server.ProcessId}   to stop it");
        Out.WriteLine($"Its data stays in '{server.DataDirectory}' until you remove it: rm -r '{server.DataDirectory}'");
    }

    private void PrintNext()
    {
        Out.WriteLine();
        Out.WriteLine("Next, the model on a server that stays (docs/guides/model-lifecycle.md tells each step):");
        Out.WriteLine("  odin server &");
        Out.WriteLine("  odin apply -f examples/lifecycle/wine");
        Out.WriteLine("  odin artifact list");
    }

    private async Task<int> ExplainAsync(OdinClient client, PipelineRecord run, DemoDirectory directory, CancellationToken cancellationToken)
    {
        directory.Keep();
        var error = Session.Environment.Error;
        error.WriteLine($"{run.Id} {run.State}: {run.Message}");
        foreach (var task in run.Tasks.Where(t => RunProgress.StateOf(t) == "Failed"))
        {
            error.WriteLine($"{RunProgress.NameOf(task)}: {ProgressTable.Remark(task)}");
            using var answer = await client.OpenAsync(
                Paths.WithQuery(Paths.Resource(task.Id!, "logs"), ("lines", "20")), "text/plain", null, cancellationToken);
            error.WriteLine(await answer.Content.ReadAsStringAsync(cancellationToken));
        }
        error.WriteLine($"All files of the demo stay in '{directory.Path}'; remove them when you have seen enough.");
        return ExitCode.Failure;
    }

    private static string FindExample()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var example = Path.Combine(directory.FullName, "examples", "pipelines", Job);
            if (File.Exists(Path.Combine(example, "main.yml")))
                return example;
        }
        throw new CliException(
            ExitCode.NotFound, $"the example 'examples/pipelines/{Job}' is not above '{AppContext.BaseDirectory}'", "Run the demo from a clone of the repository.");
    }
}
