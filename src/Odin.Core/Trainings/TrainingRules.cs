using Odin.Connections;
using Odin.Resources;
using Odin.Templates;
using Odin.Toolchains;

namespace Odin.Trainings;

/// <summary>What a training refers to, as far as it exists.</summary>
public sealed record TrainingReferences(IReadOnlyDictionary<string, Connection> Connections, Toolchain? Toolchain);

/// <summary>What a training must have and what it gets by itself; order and words are those of the inherited API.</summary>
public static class TrainingRules
{
    /// <summary>What an artifact is called whose training does not say.</summary>
    public const string DefaultArtifactName = "{{ .Name }}-{{ .Version }}-{{ .RandomUUID }}.zip";

    /// <summary>Every connection that the spec names, with the default one.</summary>
    public static IEnumerable<string> ConnectionsOf(TrainingSpec spec, TrainingOptions options) =>
        new[] { spec.Git?.Connection, spec.Objects?.Connection, Output(spec, options) }.Concat(spec.Data.Select(d => d.Connection)).Where(id => !string.IsNullOrEmpty(id))!;

    /// <summary>The spec with its defaults, and everything that is wrong with it.</summary>
    public static TrainingSpec Check(string id, TrainingSpec spec, TrainingReferences known, TrainingOptions options, ICollection<string> errors)
    {
        ResourceId.Check(id, errors);
        CheckName(spec.ModelName, "model.name", "name", errors);
        CheckName(spec.ModelVersion, "model.version", "version", errors);
        spec = spec with { ArtifactName = spec.ArtifactName.Length > 0 ? spec.ArtifactName : DefaultArtifactName };
        var template = GoTemplate.Find(spec.ArtifactName, ArtifactNaming.Fields);
        // Each quantity is looked at once; what is absent gets the defaults, which are the administrator's.
        var quantities = new List<string>();
        if (spec.Resources is null)
            spec = spec with { Resources = options.DefaultResources };
        else
            spec.Resources.Check(quantities);
        AddAll(errors, quantities.Where(IsUnreadable));
        spec = spec with { WorkDir = spec.WorkDir.Length > 0 ? spec.WorkDir : "./" };
        spec = CheckSource(spec, known, errors);
        CheckData(spec, known, errors);
        spec = CheckToolchain(spec, known, errors);
        spec = spec with { OutputConnection = OutputConnections.Check(Output(spec, options), known.Connections, errors) };
        NodePools.Check(spec.NodeSelector, spec.Resources!.Gpu is null ? options.NodePools : options.GpuNodePools, errors);
        AddAll(errors, quantities.Where(q => !IsUnreadable(q)));
        // What the inherited API did not look at comes last.
        if (template is not null)
            errors.Add($"invalid model.artifactNameTemplate: {template}");
        AddAll(errors, spec.Data.Select(d => d.LocalPath).Append(spec.WorkDir).Where(LeadsOut).Distinct().Select(p => $"path \"{p}\" leads out of the source"));
        return spec;
    }

    private static string Output(TrainingSpec spec, TrainingOptions options) =>
        spec.OutputConnection.Length > 0 ? spec.OutputConnection : options.OutputConnection ?? "";

    private static bool IsUnreadable(string error) => error.StartsWith("validation of ", StringComparison.Ordinal);

    private static void CheckName(string value, string member, string what, ICollection<string> errors)
    {
        if (value.Length == 0)
            errors.Add($"empty {member}");
        if (LabelValue.Find(value) is { } wrong)
            errors.Add($"invalid training {what}: {wrong}");
    }

    private static TrainingSpec CheckSource(TrainingSpec spec, TrainingReferences known, ICollection<string> errors)
    {
        if (spec is { Git: not null, Objects: not null })
        {
            errors.Add("both VCS and ObjectStorage names are specified, must be only one");
        }
        else if (spec.Git is { } git)
        {
            if (!known.Connections.TryGetValue(git.Connection, out var connection))
                errors.Add(NotFound(git.Connection));
            else if (connection.Spec.Type != ConnectionTypes.Git)
                errors.Add($"VCS connection must have the GIT type. You pass the connection of {connection.Spec.Type} type");
            else if (git.Reference.Length == 0)
                return spec with { Git = git with { Reference = connection.Spec.Reference ?? "" } };
        }
        else if (spec.Objects is { } objects)
        {
            CheckStorage(objects.Connection, "object storage", "object storage", known, errors);
        }
        else
        {
            errors.Add("both VCS and ObjectStorage names are empty");
        }
        return spec;
    }

    private static void CheckData(TrainingSpec spec, TrainingReferences known, ICollection<string> errors)
    {
        for (var i = 0; i < spec.Data.Count; i++)
        {
            if (spec.Data[i].LocalPath.Length == 0)
                errors.Add($"you should specify local path for {i} number of data binding");
            if (spec.Data[i].Connection.Length == 0)
                errors.Add($"you should specify connection name for {i} number of data binding");
            else
                CheckStorage(spec.Data[i].Connection, "data binding", "data bindings", known, errors);
        }
    }

    private static void CheckStorage(string id, string what, string many, TrainingReferences known, ICollection<string> errors)
    {
        if (!known.Connections.TryGetValue(id, out var connection))
            errors.Add(NotFound(id));
        else if (!ConnectionTypes.Storage.Contains(connection.Spec.Type))
            errors.Add($"{id} {what} has wrong data type. Currently supported the following types of connections for {many}: [{string.Join(' ', ConnectionTypes.Storage)}]");
    }

    private static TrainingSpec CheckToolchain(TrainingSpec spec, TrainingReferences known, ICollection<string> errors)
    {
        if (spec.Toolchain.Length == 0)
            errors.Add("empty toolchain parameter");
        else if (LabelValue.Find(spec.Toolchain) is { } wrong)
            errors.Add($"invalid training toolchain: {wrong}");
        if (spec.Toolchain.Length == 0 || LabelValue.Find(spec.Toolchain) is not null)
            return spec;
        if (known.Toolchain is { } toolchain)
            return spec.Image.Length > 0 ? spec : spec with { Image = toolchain.Spec.DefaultImage };
        errors.Add(NotFound(spec.Toolchain));
        return spec;
    }

    private static string NotFound(string id) => $"entity \"{id}\" is not found";

    // Both are below the root of the source; that a link in it leads nowhere else is seen to when it is there.
    private static bool LeadsOut(string path) => path.StartsWith('/') || path.Split('/').Contains("..") || path.Contains('\0', StringComparison.Ordinal);

    private static void AddAll(ICollection<string> errors, IEnumerable<string> more)
    {
        foreach (var error in more)
            errors.Add(error);
    }
}
