using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Odin.Artifacts;
using Odin.Connections;
using Odin.Images;
using Odin.Templates;

namespace Odin.Packagings;

/// <summary>What is packaged: a model, and where it comes from.</summary>
/// <param name="Directory">Of the unpacked artifact.</param>
/// <param name="Digest">SHA-256 of the artifact, in hexadecimal.</param>
/// <param name="Record">What our store knows of the artifact; null: somebody else has made it.</param>
internal sealed record PackagedModel(ModelManifest Manifest, string Directory, string Name, string Digest, ModelArtifact? Record);

/// <summary>Makes and stores the image of a model, as one of the built-in packagers describes it.</summary>
internal sealed partial class ModelImage(ImageRegistries registries, IImageBuilder builder, PackagingOptions options, string? programs)
{
    private const string Push = "docker-push", Pull = "docker-pull", BaseArgument = "dockerfileBaseImage", NameArgument = "imageName";

    /// <summary>The name that the image gets.</summary>
    /// <param name="unique">For the template's <c>RandomUUID</c>.</param>
    /// <exception cref="InvalidDataException">The template is wrong, or makes no name.</exception>
    public async Task<ImageReference> NameAsync(Packaging packaging, JsonObject arguments, ModelManifest model, Guid unique, CancellationToken cancellationToken)
    {
        var template = arguments.Text(NameArgument);
        var rendered = TemplateEngine.Render(template, new JsonObject { ["Name"] = model.Name, ["Version"] = model.Version, ["RandomUUID"] = unique.ToString() }, TemplateLimits.Default with { AllNamesAreKnown = true });
        if (rendered.Text is null)
            throw new InvalidDataException($"the argument {NameArgument} is no template: {rendered.Error!.Message} (column {rendered.Error.Column}){(GoStyle().IsMatch(template) ? ". Write {{ Name }} here, without the dot that names of artifacts have" : "")}");
        return registries.Resolve(await FindTargetAsync(packaging, Push, cancellationToken), rendered.Text.Trim().ToLowerInvariant());
    }

    /// <summary>Builds the image and stores it.</summary>
    /// <exception cref="ImageException">It cannot be built or stored.</exception>
    /// <exception cref="InvalidDataException">Something that was given does not fit.</exception>
    public async Task<BuiltImage> BuildAsync(
        Packaging packaging, JsonObject arguments, PackagedModel model, IModelPackager packager, ImageReference name, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        var recipe = packager.Describe(model.Manifest, model.Directory, arguments);
        var wanted = await model.Manifest.ReadPackagesAsync(model.Directory, cancellationToken);
        var (push, pull) = (await FindTargetAsync(packaging, Push, cancellationToken), await FindTargetAsync(packaging, Pull, cancellationToken));
        using var target = await registries.OpenAsync(name, push, isPush: true, cancellationToken);
        var asked = arguments.Text(BaseArgument);
        var (start, environment, source) = await OpenBaseAsync(asked.Length > 0 ? asked : options.BaseImage, model, recipe, pull ?? push, log, cancellationToken);
        using (source)
        {
            await log($"Building '{name}' on {(environment is null ? $"'{start.Name}'" : $"the Python {environment.Version} of this machine")}", cancellationToken);
            var image = new ImageBuild
            {
                Target = target,
                Tag = name.Selector,
                Base = start,
                Layers = environment is null ? recipe.Layers : [.. environment.Layers, .. recipe.Layers],
                Commands = builder.RunsCommands && environment is null ? EnvironmentCommands.Install(wanted) : [],
                Configuration = recipe.Configuration with
                {
                    Labels = ModelLabels.Of(packaging, model),
                    Environment = environment is null ? recipe.Configuration.Environment : recipe.Configuration.Environment.Concat(environment.Variables).ToDictionary(),
                },
                Sbom = SpdxDocument.Write(name.ToString(), [.. Parts(name, model, start, environment, wanted)], DateTimeOffset.UnixEpoch),
            };
            return await builder.BuildAsync(image, log, cancellationToken);
        }
    }

    // Null: the packaging names none.
    private async Task<Connection?> FindTargetAsync(Packaging packaging, string target, CancellationToken cancellationToken) =>
        packaging.Spec.Targets?.FirstOrDefault(t => t.Name == target) is { } named ? await registries.FindConnectionAsync(named.Connection, cancellationToken) : null;

    private async Task<(BaseImage Base, PythonEnvironment? Environment, IImageRepository? Source)> OpenBaseAsync(
        string name, PackagedModel model, ImageRecipe recipe, Connection? pull, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        switch (name)
        {
            case PackagingOptions.MachineBase:
                var directory = programs ?? throw new InvalidDataException($"there is no Python runtime beside this program: name a base image by the argument {BaseArgument}");
                return (BaseImage.Scratch(), await PythonEnvironment.CaptureAsync(directory, Path.Combine(model.Directory, model.Manifest.CondaFile), Path.Combine(model.Directory, model.Manifest.WorkDirectory), recipe.Programs, log, cancellationToken), null);
            case "scratch":
                return (BaseImage.Scratch(), null, null);
        }
        if (!ImageReference.TryParse(name, out var reference, out var error))
            throw new InvalidDataException($"the base image is not usable: {error}");
        var repository = await registries.OpenAsync(reference, pull, isPush: false, cancellationToken);
        try
        {
            return (await BaseImage.FindAsync(repository, reference.Selector, null, cancellationToken), null, repository);
        }
        catch
        {
            repository.Dispose();
            throw;
        }
    }

    [GeneratedRegex(@"\{\{-?\s*\.")]
    private static partial Regex GoStyle();

    private static IEnumerable<SpdxPackage> Parts(ImageReference name, PackagedModel model, BaseImage start, PythonEnvironment? environment, IReadOnlyList<WantedPackage> wanted)
    {
        yield return new SpdxPackage(name.Repository, name.Tag);
        yield return new SpdxPackage(model.Manifest.Name, model.Manifest.Version, PackageUrl.Generic(model.Manifest.Name, model.Manifest.Version), model.Digest);
        if (start.Digest is { } digest)
            yield return new SpdxPackage(start.Name, digest, PackageUrl.Image(start.Name.Split('@')[0], digest));
        if (environment is not null)
            yield return new SpdxPackage("python", environment.Version, PackageUrl.Generic("python", environment.Version));
        // What is there counts; where that is not known, what was asked for.
        foreach (var package in environment?.Packages ?? [])
            yield return new SpdxPackage(package.Name, package.Version, PackageUrl.Python(package.Name, package.Version));
        foreach (var package in environment is null ? wanted : [])
            yield return new SpdxPackage(package.Name, package.Version, package.Version is null ? null : package.IsPip ? PackageUrl.Python(package.Name, package.Version) : PackageUrl.Conda(package.Name, package.Version));
    }
}
