namespace Odin.Packagings;

/// <summary>The labels of a model's image: by the conventions of the Open Container Initiative, and its lineage.</summary>
internal static class ModelLabels
{
    public static IReadOnlyDictionary<string, string> Of(Packaging packaging, PackagedModel model)
    {
        var labels = new Dictionary<string, string>
        {
            ["org.opencontainers.image.title"] = model.Manifest.Name,
            ["org.opencontainers.image.version"] = model.Manifest.Version,
            ["dev.odin.packaging"] = packaging.Id,
            ["dev.odin.integration"] = packaging.Spec.Integration,
            ["dev.odin.artifact"] = model.Name,
            ["dev.odin.artifact.digest"] = $"sha256:{model.Digest}",
        };
        if (model.Record is { Spec: var spec })
        {
            labels["dev.odin.training"] = spec.Training;
            if (spec.RunId is { } run)
                labels["dev.odin.run"] = run;
            if (spec.Commit is { } commit)
                labels["org.opencontainers.image.revision"] = commit;
        }
        return labels;
    }
}
