using Odin.Artifacts;
using Odin.Connections;
using Odin.Execution;
using Odin.ObjectStorage;
using Odin.Packagings;
using Odin.Steps;
using Odin.Trainings;

namespace Odin.Batch;

/// <summary>The steps of a batch job: requests and model are laid out and looked at, the program predicts, its responses are looked at and kept.</summary>
/// <param name="record">Is given the requests before the program begins, and the responses after its end.</param>
internal sealed class BatchWork(StorageOpener opener, ArtifactCatalog artifacts, IExecutor executor, BatchOptions options, DocumentRecorder record, TimeProvider time) : IStepWork<InferenceJob>
{
    // In the private directory: the program may have done what it likes with that of the requests.
    private const string RequestNames = "requests";

    public TimeSpan Timeout => options.Timeout;

    public int MaxParallel => options.MaxParallel;

    public IExecutor Executor => executor;

    public InferenceJob Begin(InferenceJob resource) => resource with { Status = new InferenceJobStatus() };

    public Task<Func<InferenceJob, InferenceJob>> SetupAsync(InferenceJob resource, StepContext context, CancellationToken cancellationToken) => GuardAsync<Func<InferenceJob, InferenceJob>>(async () =>
    {
        var spec = resource.Spec;
        await DownloadAsync(spec.DataSource.Connection, spec.DataSource.Path, BatchFiles.RawInput, context, cancellationToken);
        var (name, version) = spec.Program.Remote is { } remote
            ? await LayOutModelAsync(remote, context, cancellationToken)
            : (spec.Program.Local!.Name, spec.Program.Local.Version);
        var count = await BatchFiles.SortAsync(PathOf(context, BatchFiles.RawInput), PathOf(context, BatchFiles.Input), PredictDocument.Request, context, cancellationToken);
        DirectoryRemoval.Delete(PathOf(context, BatchFiles.RawInput));
        await TellAsync("requests", count, spec, context, cancellationToken);
        if (count.Valid == 0 || (count.Invalid > 0 && spec.Program.InvalidFiles == InvalidFiles.Fail))
        {
            throw new StepFailedException(BatchReasons.InvalidInput, count.Valid == 0
                ? $"There is no request to predict: none of the files whose name ends with .json at {Describe(spec.DataSource)} is one ({count.Invalid} were left out; the log names them)"
                : $"{count.Invalid} of {count.Valid + count.Invalid} files at {Describe(spec.DataSource)} are no requests; the log names them");
        }
        await RecordRequestsAsync(resource, name, version, context, cancellationToken);
        Directory.CreateDirectory(PathOf(context, BatchFiles.RawOutput));
        return job => job with { Status = job.Status with { ModelName = name, ModelVersion = version, Input = count } };
    });

    public Func<StepContext, CancellationToken, Task<Func<InferenceJob, InferenceJob>>>? WithoutProgram(InferenceJob resource) => null;

    public Task<ExecutionSpec> DescribeProgramAsync(InferenceJob resource, StepContext context, CancellationToken cancellationToken)
    {
        var program = resource.Spec.Program;
        var model = program.Remote is null ? program.Local!.Path : PathOf(context, BatchFiles.Model);
        var (input, output) = (PathOf(context, BatchFiles.Input), PathOf(context, BatchFiles.RawOutput));
        return Task.FromResult(new ExecutionSpec
        {
            Key = StepNames.MainOf(context.Attempt),
            Command = program.Command,
            Args = program.Args,
            WorkingDirectory = context.Workspace,
            Environment = new Dictionary<string, string>
            {
                ["ODAHU_MODEL_PATH"] = model,
                ["ODAHU_INPUT_PATH"] = input,
                ["ODAHU_OUTPUT_PATH"] = output,
                // As the inherited documentation calls them.
                ["ODAHU_MODEL"] = model,
                ["ODAHU_MODEL_INPUT"] = input,
                ["ODAHU_MODEL_OUTPUT"] = output,
                ["ODAHU_MODEL_NAME"] = resource.Status.ModelName ?? "",
                ["ODAHU_MODEL_VERSION"] = resource.Status.ModelVersion ?? "",
                ["ODAHU_REQUEST_ID"] = resource.Spec.RequestId,
            },
            Container = ProgramContainer.Of(program.Image, resource.Spec.Resources, resource.Spec.NodeSelector),
        });
    }

    public Task<Func<InferenceJob, InferenceJob>> CollectAsync(InferenceJob resource, StepContext context, CancellationToken cancellationToken) => GuardAsync<Func<InferenceJob, InferenceJob>>(async () =>
    {
        var (raw, sorted) = (PathOf(context, BatchFiles.RawOutput), PathOf(context, BatchFiles.Output));
        if (new FileInfo(raw).LinkTarget is not null || !Directory.Exists(raw))
            throw new StepFailedException(BatchReasons.InvalidOutput, "The program has taken away the directory ODAHU_OUTPUT_PATH, into which its responses belong");
        // It may have been begun before.
        DirectoryRemoval.Delete(sorted);
        var count = await BatchFiles.SortAsync(raw, sorted, PredictDocument.Response, context, cancellationToken);
        await TellAsync("responses", count, resource.Spec, context, cancellationToken);
        if (count.Valid == 0 || (count.Invalid > 0 && resource.Spec.Program.InvalidFiles == InvalidFiles.Fail))
        {
            throw new StepFailedException(BatchReasons.InvalidOutput, count.Valid == 0
                ? $"The program has left no response: there is none among the files whose name ends with .json in the directory ODAHU_OUTPUT_PATH ({count.Invalid} were left out; the log names them)"
                : $"{count.Invalid} of {count.Valid + count.Invalid} files that the program has left are no responses; the log names them");
        }
        await RecordResponsesAsync(resource, sorted, context, cancellationToken);
        await UploadAsync(sorted, resource.Spec.OutputDestination, context, cancellationToken);
        return job => job with { Status = job.Status with { Output = count } };
    });

    private static string PathOf(StepContext context, string directory) => Path.Combine(context.Workspace, directory);

    private static string Describe(DataPlace place) => $"'{place.Path}' of the connection '{place.Connection}'";

    private static Task TellAsync(string what, FileCount count, InferenceJobSpec spec, StepContext context, CancellationToken cancellationToken) =>
        context.LogAsync($"{count.Valid} {what}, {count.Invalid} files left out, request id {spec.RequestId}", cancellationToken, count.Invalid > 0 ? "WARNING" : "INFO");

    private async Task DownloadAsync(string connection, string remotePath, string localPath, StepContext context, CancellationToken cancellationToken)
    {
        using var opened = await opener.OpenAsync(connection, cancellationToken);
        await new DataDownload(time).CopyAsync(opened, connection, remotePath, localPath + "/", context.Workspace, (text, token) => context.LogAsync(text, token), cancellationToken);
    }

    private async Task<(string? Name, string? Version)> LayOutModelAsync(RemoteModel remote, StepContext context, CancellationToken cancellationToken)
    {
        using var opened = await opener.OpenAsync(remote.Connection, cancellationToken);
        var key = (remote.Path.Length > 0 ? remote.Path : opened.Location.Path).Trim('/');
        var directory = PathOf(context, BatchFiles.Model);
        if (key.Length == 0 || await opened.Storage.FindAsync(key, cancellationToken) is null)
        {
            await DownloadAsync(remote.Connection, remote.Path, BatchFiles.Model, context, cancellationToken);
        }
        else
        {
            var file = Path.Combine(context.Private, "model");
            await context.LogAsync($"Fetching the model '{key}' from {opened.Storage.Description}", cancellationToken);
            var (archive, _) = await artifacts.FetchAsync(opened, remote.Connection, key, file, cancellationToken);
            Directory.CreateDirectory(directory);
            await ModelUnpacker.UnpackAsync(file, directory, options.Archives, cancellationToken);
            File.Delete(file);
            await context.LogAsync($"Unpacked {archive.Length} bytes, sha256 {archive.Digest}", cancellationToken);
        }
        return await ModelManifest.IdentifyAsync(directory, cancellationToken);
    }

    private async Task UploadAsync(string directory, DataPlace destination, StepContext context, CancellationToken cancellationToken)
    {
        using var opened = await opener.OpenAsync(destination.Connection, cancellationToken);
        var prefix = (destination.Path.Length > 0 ? destination.Path : opened.Location.Path).Trim('/');
        foreach (var name in BatchFiles.NamesIn(directory))
        {
            var key = prefix.Length == 0 ? name : $"{prefix}/{name}";
            await using var content = new FileStream(Path.Combine(directory, name), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            var saved = await opened.Storage.SaveAsync(key, content, SaveMode.Overwrite, cancellationToken);
            await context.LogAsync($"Saved '{BatchFiles.Shown(key)}' in {opened.Storage.Description}: {saved.Length} bytes", cancellationToken);
        }
    }

    private async Task RecordRequestsAsync(InferenceJob job, string? name, string? version, StepContext context, CancellationToken cancellationToken)
    {
        var input = PathOf(context, BatchFiles.Input);
        var names = BatchFiles.NamesIn(input);
        await File.WriteAllTextAsync(Path.Combine(context.Private, RequestNames), string.Join('\0', names), cancellationToken);
        await record(new JobDocuments(job, name, version, AreResponses: false, [.. names.Select(n => (n, (string?)Path.Combine(input, n)))]), context, cancellationToken);
    }

    // One for each request, in the order of those, and behind them what answers none.
    private async Task RecordResponsesAsync(InferenceJob job, string output, StepContext context, CancellationToken cancellationToken)
    {
        var list = Path.Combine(context.Private, RequestNames);
        // A job that a server of the version before has begun has none.
        var asked = File.Exists(list) ? (await File.ReadAllTextAsync(list, cancellationToken)).Split('\0') : [];
        var left = BatchFiles.NamesIn(output).ToHashSet(StringComparer.Ordinal);
        var files = asked.Select(n => (n, left.Remove(n) ? Path.Combine(output, n) : null)).ToList();
        files.AddRange(left.Order(StringComparer.Ordinal).Select(n => (n, (string?)Path.Combine(output, n))));
        await record(new JobDocuments(job, job.Status.ModelName, job.Status.ModelVersion, AreResponses: true, files), context, cancellationToken);
    }

    // What went wrong as a sentence for the user, with a reason.
    private static async Task<T> GuardAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is ObjectStorageException or SecretsUnavailableException)
        {
            throw new StepFailedException(e is ObjectNotFoundException ? StepReasons.NotFound : StepReasons.ConnectionFailed, e.Message, e);
        }
        catch (InvalidDataException e)
        {
            throw new StepFailedException(StepReasons.Unfit, e.Message, e);
        }
    }
}
