using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Images;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Packagings;

/// <summary>A connection for a target of a packaging without a server.</summary>
public sealed record LocalTarget(string Name, string ConnectionId, ConnectionSpec Spec, ConnectionSecrets Secrets);

/// <summary>What to package without a server.</summary>
/// <param name="Id">Of the packaging.</param>
/// <param name="Integration">Its id.</param>
/// <param name="Artifact">The directory of the model.</param>
/// <param name="ArtifactName">What it is called.</param>
/// <param name="Layouts">The directory for images that go to no registry: each name is an OCI image layout below it.</param>
public sealed record LocalPackagingRequest(
    string Id, string Integration, string Entrypoint, ArgumentRules? Rules, JsonObject Arguments, string Artifact, string ArtifactName, string Layouts, IReadOnlyList<LocalTarget> Targets);

/// <summary>The packagers of a server, for a model that lies on this machine, without the server.</summary>
/// <param name="directory">For work under way and for layers that many images share.</param>
public sealed class LocalPackager(string directory, PackagingOptions options, TimeProvider time)
{
    /// <summary>Whether a built-in packager stands behind the entry point. It is null where its parts do not lie beside this program.</summary>
    public static bool Knows(string entrypoint) => Find(entrypoint) is not null;

    /// <summary>Makes the image, and stores it in the registry of the target <c>docker-push</c>, or without one in a layout.</summary>
    /// <exception cref="InvalidDataException">Something that was given does not fit; the message is for the user.</exception>
    /// <exception cref="ImageException">It cannot be built or stored.</exception>
    public async Task<IReadOnlyList<PackagingResult>> PackAsync(LocalPackagingRequest request, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        var packager = Find(request.Entrypoint) ?? throw new InvalidDataException($"there is no built-in packager '{request.Entrypoint}'");
        var store = new InMemoryResourceStore();
        var connections = new ConnectionCatalog(store, new SealedSecretStore(SecretKeyRing.Of([RandomNumberGenerator.GetBytes(32)])), time);
        foreach (var target in request.Targets.DistinctBy(t => t.ConnectionId))
            await connections.CreateAsync(target.ConnectionId, target.Spec, target.Secrets, cancellationToken);
        var packaging = new Packaging(
            new ResourceMetadata { Id = request.Id },
            new PackagingSpec
            {
                ArtifactName = request.ArtifactName,
                Integration = request.Integration,
                Arguments = request.Arguments,
                Targets = [.. request.Targets.Select(t => new PackagingTarget(t.Name, t.ConnectionId))],
            },
            new PackagingStatus());
        var arguments = ArgumentSchema.WithDefaults(request.Rules, request.Arguments);
        if (ArgumentSchema.Check(request.Rules, request.Arguments) is { Count: > 0 } wrong)
            throw new InvalidDataException(string.Join("; ", wrong));
        var model = new PackagedModel(await ModelManifest.ReadAsync(request.Artifact, cancellationToken), request.Artifact, request.ArtifactName, await DigestAsync(request.Artifact, cancellationToken), null);
        var layouts = new LayoutRegistry(request.Layouts);
        var images = new ModelImage(new ImageRegistries(store, connections, layouts, time), ImageBuilders.Create(directory, options.Containerfile, time), options, Toolchains.PythonRuntime.FindDirectory());
        var name = await images.NameAsync(packaging, arguments, model.Manifest, Guid.NewGuid(), cancellationToken);
        var built = await images.BuildAsync(packaging, arguments, model, packager, name, log, cancellationToken);
        List<PackagingResult> results = [new PackagingResult("image", name.ToString()), new PackagingResult("digest", built.Digest)];
        if (name.Registry == layouts.Name)
            results.Add(new PackagingResult("layout", $"oci:{layouts.PathOf(name.Repository)}:{name.Selector}"));
        return results;
    }

    private static IModelPackager? Find(string entrypoint) => BuiltInPackagers.Find().FirstOrDefault(p => p.Entrypoints.Contains(Path.GetFileName(entrypoint)) || p.Entrypoints.Contains(entrypoint));

    // Of a directory that was never an archive: of its files, by name.
    private static async Task<string> DigestAsync(string artifact, CancellationToken cancellationToken)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.EnumerateFiles(artifact, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            await using var content = File.OpenRead(file);
            var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
            all.AppendData(Encoding.UTF8.GetBytes($"{digest}  {Path.GetRelativePath(artifact, file)}\n"));
        }
        return Convert.ToHexStringLower(all.GetHashAndReset());
    }
}
