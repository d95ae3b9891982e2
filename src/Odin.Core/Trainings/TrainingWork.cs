using Odin.Artifacts;
using Odin.Connections;
using Odin.Execution;
using Odin.Git;
using Odin.ObjectStorage;
using Odin.Resources;
using Odin.Steps;
using Odin.Storage;
using Odin.Toolchains;

namespace Odin.Trainings;

/// <summary>The steps of a training: source and data are laid out, the toolchain runs, the model is packed and kept.</summary>
internal sealed class TrainingWork(
    IResourceStore store, GitConnections repositories, StorageOpener opener, IExecutor executor, TrainingOptions options, TimeProvider time) : IStepWork<Training>
{
    public TimeSpan Timeout => options.Timeout;

    public int MaxParallel => options.MaxParallel;

    public IExecutor Executor => executor;

    public Training Begin(Training resource) => resource with { Status = new TrainingStatus() };

    public async Task<Func<Training, Training>> SetupAsync(Training resource, StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            var toolchain = await FindToolchainAsync(resource, cancellationToken);
            var commit = await LayOutSourceAsync(resource, context, cancellationToken);
            foreach (var binding in resource.Spec.Data)
                await DownloadAsync(binding.Connection, binding.RemotePath, binding.LocalPath, context, cancellationToken);
            var known = (await store.FindManyAsync<Connection>([.. TrainingRules.ConnectionsOf(resource.Spec, options)], cancellationToken)).ToDictionary(c => c.Id, StringComparer.Ordinal);
            await File.WriteAllTextAsync(SafePath.Make(context.Workspace, TrainingFiles.Request), TrainingFiles.WriteRequest(resource, toolchain, known), cancellationToken);
            var named = resource with { Status = resource.Status with { Commit = commit } };
            // Named now, so that a result that is begun again means the same file.
            var artifact = ArtifactNaming.Render(named);
            // Better now than after hours of work.
            if (await store.FindAsync<ModelArtifact>(artifact, cancellationToken) is { Spec.Training: var owner } && owner != resource.Id)
                throw Taken(artifact, $"training '{owner}'");
            return training => training with { Status = training.Status with { Commit = commit, PlannedArtifact = artifact } };
        }
        catch (Exception e) when (e is ObjectStorageException or GitException or SecretsUnavailableException)
        {
            throw new StepFailedException(e is ObjectNotFoundException ? StepReasons.NotFound : StepReasons.ConnectionFailed, e.Message, e);
        }
        catch (InvalidDataException e)
        {
            throw new StepFailedException(StepReasons.SetupFailed, e.Message, e);
        }
        finally
        {
            // Credentials lie in it.
            DirectoryRemoval.Delete(context.Private);
        }
    }

    public Func<StepContext, CancellationToken, Task<Func<Training, Training>>>? WithoutProgram(Training resource) => null;

    public async Task<ExecutionSpec> DescribeProgramAsync(Training resource, StepContext context, CancellationToken cancellationToken)
    {
        var toolchain = await FindToolchainAsync(resource, cancellationToken);
        var environment = new Dictionary<string, string>(toolchain.Spec.Environment ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var variable in resource.Spec.Environment)
            environment[variable.Name] = variable.Value;
        return new ExecutionSpec
        {
            Key = StepNames.MainOf(context.Attempt),
            Command = [toolchain.Spec.Entrypoint],
            Args = ["--verbose", "--mt", Path.Combine(context.Workspace, TrainingFiles.Request), "--target", Path.Combine(context.Workspace, TrainingFiles.Output)],
            WorkingDirectory = context.Workspace,
            Environment = environment,
            Container = ProgramContainer.Of(resource.Spec.Image, resource.Spec.Resources, resource.Spec.NodeSelector),
        };
    }

    public async Task<(Training Resource, string? Message)> ExplainAsync(Training resource, StepContext context, CancellationToken cancellationToken)
    {
        var report = await TrainingReport.ReadAsync(context.Workspace, cancellationToken);
        return (resource with { Status = report.AddTo(resource.Status) }, report.Error);
    }

    public async Task<Func<Training, Training>> CollectAsync(Training resource, StepContext context, CancellationToken cancellationToken)
    {
        var output = Path.Combine(context.Workspace, TrainingFiles.Output);
        if (new FileInfo(output).LinkTarget is not null || !Directory.Exists(output))
            throw new StepFailedException(StepReasons.ResultFailed, $"The toolchain has left no model: there is no directory '{TrainingFiles.Output}' in its workspace.");
        if (ModelDirectory.FindManifest(output) is null)
            throw new StepFailedException(StepReasons.ResultFailed, $"The toolchain has left no model: there is neither {string.Join(" nor ", ModelDirectory.ManifestNames)} in the directory '{TrainingFiles.Output}'.");
        var report = await TrainingReport.ReadAsync(context.Workspace, cancellationToken);
        var name = resource.Status.PlannedArtifact!;
        try
        {
            using var opened = await opener.OpenAsync(resource.Spec.OutputConnection, cancellationToken);
            var key = opened.Location.KeyOf(name);
            var (claim, spec, isNew) = await ClaimAsync(resource, name, key, cancellationToken);
            await context.LogAsync($"Packing the model as '{name}'", cancellationToken);
            var written = await SaveAsync(output, opened.Storage, claim, isNew, cancellationToken);
            await context.LogAsync($"Saved '{key}' in {opened.Storage.Description}: {written.Length} bytes, sha256 {written.Digest}", cancellationToken);
            await store.UpdateSpecAsync(claim with { Spec = spec with { RunId = report.RunId, Length = written.Length, Digest = written.Digest, Metrics = report.Metrics } }, time, cancellationToken);
            return training => training with { Status = report.AddTo(training.Status) with { Artifact = name } };
        }
        catch (Exception e) when (e is ObjectStorageException or SecretsUnavailableException)
        {
            throw new StepFailedException(StepReasons.ConnectionFailed, e.Message, e);
        }
        catch (InvalidDataException e)
        {
            throw new StepFailedException(StepReasons.ResultFailed, e.Message, e);
        }
    }

    private static StepFailedException Taken(string name, string by) => new(
        StepReasons.ResultFailed, $"The name '{name}' is taken in the output connection, by {by}: choose another artifactNameTemplate, or delete that artifact.");

    private async Task<Toolchain> FindToolchainAsync(Training resource, CancellationToken cancellationToken) =>
        await store.FindAsync<Toolchain>(resource.Spec.Toolchain, cancellationToken)
        ?? throw new StepFailedException(StepReasons.NotFound, $"The toolchain '{resource.Spec.Toolchain}' does not exist any more: create it again, or name another one.");

    private async Task DownloadAsync(string connection, string remotePath, string localPath, StepContext context, CancellationToken cancellationToken)
    {
        using var opened = await opener.OpenAsync(connection, cancellationToken);
        await new DataDownload(time).CopyAsync(opened, connection, remotePath, localPath, context.Workspace, (text, token) => context.LogAsync(text, token), cancellationToken);
    }

    private async Task<string?> LayOutSourceAsync(Training resource, StepContext context, CancellationToken cancellationToken)
    {
        if (resource.Spec.Git is not { } git)
        {
            await DownloadAsync(resource.Spec.Objects!.Connection, resource.Spec.Objects.Path, "", context, cancellationToken);
            return null;
        }
        var connection = await store.FindAsync<Connection>(git.Connection, cancellationToken)
            ?? throw new StepFailedException(StepReasons.NotFound, $"The connection '{git.Connection}' does not exist any more: create it again, or name another one.");
        var address = await repositories.FindAsync(connection, cancellationToken);
        await context.LogAsync($"Fetching {(git.Reference.Length > 0 ? $"'{git.Reference}'" : "the default branch")} of {address}", cancellationToken);
        var commit = await GitSourceCheckout.LayOutAsync(address, git.Reference, context.Workspace, context.Private, cancellationToken);
        await context.LogAsync($"The source is commit {commit}", cancellationToken);
        return commit;
    }

    // The name belongs to the training before anything is saved under it; after a crash it is known whose the file is.
    private async Task<(ModelArtifact Claim, ModelArtifactSpec Spec, bool IsNew)> ClaimAsync(Training training, string name, string key, CancellationToken cancellationToken)
    {
        var spec = new ModelArtifactSpec
        {
            Connection = training.Spec.OutputConnection,
            Key = key,
            ModelName = training.Spec.ModelName,
            ModelVersion = training.Spec.ModelVersion,
            Training = training.Id,
            Attempt = training.Progress.Attempt!,
            Commit = training.Status.Commit,
        };
        try
        {
            return (await store.CreateAsync(new ModelArtifact(new ResourceMetadata { Id = name }, spec), time, cancellationToken), spec, true);
        }
        catch (ResourceAlreadyExistsException)
        {
            var known = await store.FindAsync<ModelArtifact>(name, cancellationToken);
            // What is known of the file that is there holds until another one is.
            return known is { Spec: var other } && other.Training == training.Id && other.Connection == spec.Connection && other.Key == key
                ? (known, spec, false)
                : throw Taken(name, $"training '{known?.Spec.Training}'");
        }
    }

    private async Task<WrittenArchive> SaveAsync(string output, IObjectStorage storage, ModelArtifact claim, bool isNew, CancellationToken cancellationToken)
    {
        try
        {
            return await ModelArchive.PackAsync(
                output, options.ArtifactFormat, (content, token) => storage.SaveAsync(claim.Spec.Key, content, isNew ? SaveMode.CreateOnly : SaveMode.Overwrite, token), cancellationToken);
        }
        catch (Exception e) when (isNew)
        {
            // Nothing is kept under the name: it is free for others. After a crash the next pass has the claim still.
            if (e is not OperationCanceledException)
                await store.DeleteAsync<ModelArtifact>(claim.Name, time, CancellationToken.None);
            if (e is ObjectAlreadyExistsException)
                throw Taken(claim.Name, "something that no training of this server has made");
            throw;
        }
    }
}
