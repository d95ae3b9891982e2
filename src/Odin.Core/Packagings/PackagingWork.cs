using System.Text.Json.Nodes;
using Odin.Artifacts;
using Odin.Connections;
using Odin.Execution;
using Odin.Images;
using Odin.ObjectStorage;
using Odin.Resources;
using Odin.Steps;
using Odin.Storage;

namespace Odin.Packagings;

/// <summary>
/// The steps of a packaging: the artifact is fetched and unpacked, the image is made, its name is kept. The built-in packagers
/// are no programs: this server makes their images itself, so that they need no privileged container anywhere.
/// </summary>
internal sealed class PackagingWork(
    IResourceStore store, ConnectionCatalog connections, ArtifactCatalog artifacts, ModelImage images, IReadOnlyList<IModelPackager> packagers, IExecutor executor, PackagingOptions options)
    : IStepWork<Packaging>
{
    private const string ArchiveFile = "artifact";

    public TimeSpan Timeout => options.Timeout;

    public int MaxParallel => options.MaxParallel;

    public IExecutor Executor => executor;

    public Packaging Begin(Packaging resource) => resource with { Status = new PackagingStatus() };

    public Task<Func<Packaging, Packaging>> SetupAsync(Packaging resource, StepContext context, CancellationToken cancellationToken) => GuardAsync<Func<Packaging, Packaging>>(async () =>
    {
        var integration = await FindIntegrationAsync(resource, cancellationToken);
        var model = await LayOutAsync(resource, context, cancellationToken);
        if (FindPackager(integration.Spec.Entrypoint) is null)
        {
            await WriteRequestAsync(resource, integration, context, cancellationToken);
            return packaging => packaging with { Status = packaging.Status with { ArtifactDigest = model.Digest } };
        }
        // Named now, so that work that is begun again means the same image.
        var name = await images.NameAsync(resource, ArgumentsOf(resource, integration), model.Manifest, Guid.NewGuid(), cancellationToken);
        return packaging => packaging with { Status = packaging.Status with { ArtifactDigest = model.Digest, Packager = integration.Spec.Entrypoint, PlannedImage = name.ToString() } };
    });

    public Func<StepContext, CancellationToken, Task<Func<Packaging, Packaging>>>? WithoutProgram(Packaging resource) =>
        resource.Status.Packager is { } entrypoint && FindPackager(entrypoint) is { } packager ? (context, token) => MakeImageAsync(resource, packager, context, token) : null;

    public async Task<ExecutionSpec> DescribeProgramAsync(Packaging resource, StepContext context, CancellationToken cancellationToken)
    {
        var integration = await FindIntegrationAsync(resource, cancellationToken);
        return new ExecutionSpec
        {
            Key = StepNames.MainOf(context.Attempt),
            Command = [integration.Spec.Entrypoint],
            Args = [Path.Combine(context.Workspace, PackagingFiles.Artifact), Path.Combine(context.Workspace, PackagingFiles.Request)],
            WorkingDirectory = context.Workspace,
            Container = ProgramContainer.Of(resource.Spec.Image, resource.Spec.Resources, resource.Spec.NodeSelector) with { IsPrivileged = integration.Spec.IsPrivileged },
        };
    }

    public Task<Func<Packaging, Packaging>> CollectAsync(Packaging resource, StepContext context, CancellationToken cancellationToken) => GuardAsync<Func<Packaging, Packaging>>(async () =>
    {
        if (resource.Status.Packager is not null)
            return packaging => packaging;
        // It holds secrets, and nobody needs it any more.
        File.Delete(Path.Combine(context.Workspace, PackagingFiles.Request));
        var results = await PackagingFiles.ReadResultAsync(context.Workspace, cancellationToken);
        foreach (var result in results)
            await context.LogAsync($"Result: {result.Name} = {result.Value}", cancellationToken);
        return packaging => packaging with { Status = packaging.Status with { Results = results } };
    });

    private static JsonObject ArgumentsOf(Packaging resource, PackagingIntegration integration) =>
        ArgumentSchema.WithDefaults(integration.Spec.Arguments, resource.Spec.Arguments ?? []);

    private Task<Func<Packaging, Packaging>> MakeImageAsync(Packaging resource, IModelPackager packager, StepContext context, CancellationToken cancellationToken) => GuardAsync<Func<Packaging, Packaging>>(async () =>
    {
        var integration = await FindIntegrationAsync(resource, cancellationToken);
        var model = await FindLaidOutAsync(resource, context, cancellationToken);
        var built = await images.BuildAsync(
            resource, ArgumentsOf(resource, integration), model, packager, ImageReference.Parse(resource.Status.PlannedImage!), (text, token) => context.LogAsync(text, token), cancellationToken);
        await context.LogAsync($"The image is {built.Reference} ({built.Digest}, {built.Size} bytes)", cancellationToken);
        return packaging => packaging with { Status = packaging.Status with { Results = [new PackagingResult("image", built.Reference), new PackagingResult("digest", built.Digest)] } };
    });

    private IModelPackager? FindPackager(string entrypoint) => packagers.FirstOrDefault(p => p.Entrypoints.Contains(entrypoint));

    // A server that takes over has not unpacked it.
    private async Task<PackagedModel> FindLaidOutAsync(Packaging resource, StepContext context, CancellationToken cancellationToken)
    {
        var directory = Path.Combine(context.Workspace, PackagingFiles.Artifact);
        if (!Directory.Exists(directory) || resource.Status.ArtifactDigest is not { } digest)
            return await LayOutAsync(resource, context, cancellationToken);
        var known = await artifacts.FindAsync(resource.Spec.ArtifactName, cancellationToken);
        return new PackagedModel(await ModelManifest.ReadAsync(directory, cancellationToken), directory, resource.Spec.ArtifactName, digest, known?.Spec.Digest == digest ? known : null);
    }

    private async Task<PackagedModel> LayOutAsync(Packaging resource, StepContext context, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(context.Private);
        var (file, directory) = (Path.Combine(context.Private, ArchiveFile), Path.Combine(context.Workspace, PackagingFiles.Artifact));
        try
        {
            await context.LogAsync($"Fetching the artifact '{resource.Spec.ArtifactName}' from the connection '{resource.Spec.OutputConnection}'", cancellationToken);
            var (archive, known) = await artifacts.FetchAsync(resource.Spec.ArtifactName, resource.Spec.OutputConnection, file, cancellationToken);
            Directory.CreateDirectory(directory);
            await ModelUnpacker.UnpackAsync(file, directory, options.Archives, cancellationToken);
            await context.LogAsync($"Unpacked {archive.Length} bytes, sha256 {archive.Digest}", cancellationToken);
            return new PackagedModel(await ModelManifest.ReadAsync(directory, cancellationToken), directory, resource.Spec.ArtifactName, archive.Digest, known);
        }
        finally
        {
            DirectoryRemoval.Delete(context.Private);
        }
    }

    private async Task WriteRequestAsync(Packaging resource, PackagingIntegration integration, StepContext context, CancellationToken cancellationToken)
    {
        var targets = new Dictionary<string, (Connection, ConnectionSecrets)>(StringComparer.Ordinal);
        foreach (var target in resource.Spec.Targets ?? [])
        {
            var connection = await connections.FindAsync(target.Connection, cancellationToken)
                ?? throw new StepFailedException(StepReasons.NotFound, $"The connection '{target.Connection}' does not exist any more: create it again, or name another one.");
            targets[target.Name] = (connection, await connections.RevealAsync(connection, cancellationToken));
        }
        var output = await connections.FindAsync(resource.Spec.OutputConnection, cancellationToken);
        await PackagingFiles.WriteSecretAsync(Path.Combine(context.Workspace, PackagingFiles.Request), PackagingFiles.WriteRequest(resource, integration, output, targets), cancellationToken);
    }

    private async Task<PackagingIntegration> FindIntegrationAsync(Packaging resource, CancellationToken cancellationToken) =>
        await store.FindAsync<PackagingIntegration>(resource.Spec.Integration, cancellationToken)
        ?? throw new StepFailedException(StepReasons.NotFound, $"The packaging integration '{resource.Spec.Integration}' does not exist any more: create it again, or name another one.");

    // What went wrong as a sentence for the user, with a reason.
    private static async Task<T> GuardAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (ObjectNotFoundException e)
        {
            throw new StepFailedException(StepReasons.NotFound, $"{e.Message} `odin artifact list` shows the artifacts that there are.", e);
        }
        catch (Exception e) when (e is ObjectStorageException or SecretsUnavailableException)
        {
            throw new StepFailedException(StepReasons.ConnectionFailed, e.Message, e);
        }
        catch (ImageException e)
        {
            throw new StepFailedException(StepReasons.ImageFailed, e.Message, e);
        }
        catch (InvalidDataException e)
        {
            throw new StepFailedException(StepReasons.Unfit, e.Message, e);
        }
    }
}
