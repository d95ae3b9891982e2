using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Jobs;

/// <summary><c>odin push</c>: puts a file, or a whole directory, into a job as one commit.</summary>
internal sealed class PushCommand : RemoteCommand
{
    private const string CreateHint = "If the job already exists, push without --create.";

    private static readonly Argument<string> File = new("FILE") { Description = "A file, or a directory that is pushed with all below it, but for names that begin with '.'." };
    private static readonly Option<string?> FileName = new("--file_name", "--file-name") { Description = "The name in the job; the file's own unless given.", HelpName = "NAME" };
    private static readonly Option<bool> Create = new("--create", "-c") { Description = "Make the job first." };
    private static readonly Option<bool> Prune = new("--prune") { Description = "Also remove files of the job that are not in the directory." };
    private readonly Argument<string> job;

    public PushCommand(CliSession session)
        : base(session, "push", "Puts a file, or a directory with all below it, into a job as one commit.")
    {
        Group = CommandGroup.Jobs;
        Examples = ["odin push team/wine main.yml", "odin push team/wine ./wine --create", "odin push team/wine ./wine --prune", "odin push team/wine new.py --file_name train.py"];
        job = JobArgument.Create(session);
        Take(output: true, job, File, FileName, Create, Prune);
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
        var path = call.Parse.GetRequiredValue(File);
        if (Directory.Exists(path))
            return await PushDirectoryAsync(call, path, cancellationToken);
        if (!System.IO.File.Exists(path))
            throw new CliException(ExitCode.NotFound, $"there is no file '{path}'", "Name a file, or a directory that is to be pushed.");
        if (call.Parse.GetValue(Prune))
            throw new CliException(ExitCode.Usage, $"'{path}' is a file, so --prune would remove all others", "Name the job's directory, or leave --prune out.");
        var remote = call.Parse.GetValue(FileName) ?? Path.GetFileName(path);
        var name = call.Parse.GetRequiredValue(job);
        if (call.Parse.GetValue(Create))
            await CreateAsync(call.Client, name, cancellationToken);
        else if (!Session.StockAlias)
            await EnsureExistsAsync(call.Client, name, cancellationToken);
        var content = await System.IO.File.ReadAllBytesAsync(path, cancellationToken);
        Report(call, await SendAsync(call.Client, name, remote, content, cancellationToken), [remote]);
        return ExitCode.Success;
    }

    private async Task<int> PushDirectoryAsync(RemoteCall call, string directory, CancellationToken cancellationToken)
    {
        if (call.Parse.GetValue(FileName) is not null)
            throw new CliException(ExitCode.Usage, $"'{directory}' is a directory, so --file_name cannot name its files", "Leave --file_name out.");
        var files = JobDirectory.Files(directory);
        if (files.Count == 0)
            throw new CliException(ExitCode.NotFound, $"there are no files in '{directory}'", "A job is a directory with a main.yml.");
        var archive = await JobDirectory.PackAsync(directory, files, cancellationToken);
        string? Flag(Option<bool> option) => call.Parse.GetValue(option) ? "true" : null;
        var path = Paths.WithQuery(Paths.JobFiles(call.Parse.GetRequiredValue(job)), ("create", Flag(Create)), ("prune", Flag(Prune)));
        var answer = await call.Client.SendAsync(HttpMethod.Put, path, () => JobDirectory.Body(archive), null, cancellationToken);
        if (answer.Status == HttpStatusCode.Conflict && call.Parse.GetValue(Create))
            throw new CliException(ExitCode.Failure, answer.Failure(null).Message, CreateHint);
        if (answer.Status == HttpStatusCode.NotFound && !call.Parse.GetValue(Create))
            await EnsureExistsAsync(call.Client, call.Parse.GetRequiredValue(job), cancellationToken);
        Report(call, answer.EnsureSuccess("Push with --create to make the job."), files);
        return ExitCode.Success;
    }

    private static void Report(RemoteCall call, ApiAnswer answer, IReadOnlyList<string> files)
    {
        if (!call.Printer.Data(answer.Body, files))
            call.Printer.Say(Printer.Line(answer.Body));
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
            throw new CliException(ExitCode.Failure, created.Failure(null).Message, CreateHint);
        created.EnsureSuccess();
    }

    private static ByteArrayContent Plain(byte[] content) =>
        new(content) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain", "utf-8") } };
}
