using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Jobs;

/// <summary><c>odin push</c>: puts files into a job; each is a commit.</summary>
internal sealed class PushCommand : RemoteCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "A file, or a directory whose files are all pushed." };
    private static readonly Option<string?> FileName = new("--file_name", "--file-name") { Description = "The name in the job; the file's own unless given.", HelpName = "NAME" };
    private static readonly Option<bool> Create = new("--create", "-c") { Description = "Make the job first." };
    private readonly Argument<string> job;

    public PushCommand(CliSession session)
        : base(session, "push", "Puts a file, or all files of a directory, into a job and commits it.")
    {
        Group = CommandGroup.Jobs;
        Examples = ["odin push team/wine main.yml", "odin push team/wine ./wine --create", "odin push team/wine new.py --file_name train.py"];
        job = JobArgument.Create(session);
        Take(output: true, job, File, FileName, Create);
    }

    /// <summary>Sends one file; the answer of a server that took it.</summary>
    public static async Task<ApiAnswer> SendAsync(
        OdinClient client, string job, string name, byte[] content, CancellationToken cancellationToken)
    {
        var answer = await client.SendAsync(HttpMethod.Post, Paths.JobFile(job, name), () => Plain(content), null, cancellationToken);
        return answer.EnsureSuccess($"Make the job first: `odin create {job}`, or push with --create.");
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var files = Files(call.Parse.GetRequiredValue(File), call.Parse.GetValue(FileName));
        var name = call.Parse.GetRequiredValue(job);
        if (call.Parse.GetValue(Create))
            await CreateAsync(call.Client, name, cancellationToken);
        else if (!Session.StockAlias)
            await EnsureExistsAsync(call.Client, name, cancellationToken);
        var answers = new JsonArray();
        foreach (var (remote, local) in files)
        {
            var content = await System.IO.File.ReadAllBytesAsync(local, cancellationToken);
            var answer = await SendAsync(call.Client, name, remote, content, cancellationToken);
            answers.Add(answer.Body?.DeepClone());
            if (call.Printer.Format == OutputFormat.Table)
                call.Printer.Say(Printer.Line(answer.Body));
        }
        call.Printer.Data(answers.Count == 1 ? answers[0] : answers, files.Select(f => f.Remote));
        return ExitCode.Success;
    }

    // The server makes a job of any file that is pushed, as the original did: a name that is typed wrong would be a new job.
    private static async Task EnsureExistsAsync(OdinClient client, string job, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync(Paths.Job(job), cancellationToken);
        if (answer.Status != HttpStatusCode.NotFound)
        {
            answer.EnsureSuccess();
            return;
        }
        var meant = await JobNames.DidYouMeanAsync(client, job, cancellationToken);
        throw new CliException(ExitCode.NotFound, $"there is no job '{job}'", $"{meant}Push with --create to make it.");
    }

    private static async Task CreateAsync(OdinClient client, string job, CancellationToken cancellationToken)
    {
        var created = await CreateCommand.SendAsync(client, job, cancellationToken);
        if (created.Status == HttpStatusCode.Conflict)
            throw new CliException(ExitCode.Failure, created.Failure(null).Message, "If the job already exists, push without --create.");
        created.EnsureSuccess();
    }

    private static List<(string Remote, string Local)> Files(string path, string? name)
    {
        if (System.IO.File.Exists(path))
            return [(name ?? Path.GetFileName(path), path)];
        if (!Directory.Exists(path))
            throw new CliException(ExitCode.NotFound, $"there is no file '{path}'", "Name a file, or a directory whose files are all to be pushed.");
        if (name is not null)
            throw new CliException(ExitCode.Usage, $"'{path}' is a directory, so --file_name cannot name its files", "Leave --file_name out.");
        var files = Directory.GetFiles(path).Where(f => !Path.GetFileName(f).StartsWith('.')).Order(StringComparer.Ordinal).ToList();
        if (files.Count == 0)
            throw new CliException(ExitCode.NotFound, $"there are no files in '{path}'", "A job is one directory; push each by its own name.");
        return [.. files.Select(f => (Path.GetFileName(f), f))];
    }

    private static ByteArrayContent Plain(byte[] content) =>
        new(content) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain", "utf-8") } };
}
