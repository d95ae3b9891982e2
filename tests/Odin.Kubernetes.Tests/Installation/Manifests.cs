using System.ComponentModel;
using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Odin.Kubernetes.Tests.Installation;

/// <summary>What <c>deploy/kubernetes</c> says, as it would reach a cluster.</summary>
internal static class Manifests
{
    /// <summary>Overlays that people apply; each of them is held to the rules.</summary>
    public static IReadOnlyList<string> Overlays => [.. Directory.GetDirectories(Path.Combine(Folder, "overlays")).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    public static string Folder { get; } = Path.Combine(Root(), "deploy", "kubernetes");

    /// <summary>The objects of an overlay. Needs kubectl and no cluster; without it the test is skipped.</summary>
    public static Task<IReadOnlyList<JsonObject>> OfOverlayAsync(string overlay) => OfAsync(Path.Combine(Folder, "overlays", overlay));

    /// <summary>The objects of a directory of one's own, as the guide makes it: an overlay, and what one adds to it.</summary>
    /// <param name="added">With paths as they are in a directory beside <c>deploy</c>.</param>
    public static async Task<IReadOnlyList<JsonObject>> OfOwnAsync(string overlay, string added)
    {
        using var directory = new TemporaryDirectory();
        var text = $"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- ../deploy/kubernetes/overlays/{overlay}\n{added}";
        await File.WriteAllTextAsync(
            directory["kustomization.yaml"], text.Replace("../deploy/kubernetes", Path.GetRelativePath(directory.Path, Folder), StringComparison.Ordinal));
        return await OfAsync(directory.Path);
    }

    private static async Task<IReadOnlyList<JsonObject>> OfAsync(string directory)
    {
        try
        {
            return Read(await TestProgram.RunAsync("kubectl", ["kustomize", directory]));
        }
        catch (Win32Exception)
        {
            Assert.Skip("kubectl is not installed, so the manifests cannot be put together.");
            throw;
        }
    }

    /// <summary>The documents of a YAML text.</summary>
    public static IReadOnlyList<JsonObject> Read(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(d => (JsonObject)ToJson(d.RootNode)!)];
    }

    public static string KindOf(JsonObject manifest) => manifest["kind"]!.GetValue<string>();

    public static string NameOf(JsonObject manifest) => $"{manifest["metadata"]!["namespace"]}/{KindOf(manifest)}/{manifest["metadata"]!["name"]}";

    /// <summary>The pod that a workload makes; null for objects that make none.</summary>
    public static JsonObject? PodOf(JsonObject manifest) => manifest["spec"]?["template"]?["spec"] as JsonObject;

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value!, ToJson(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => flag.Value == "true",
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "null" or "" } => null,
        YamlScalarNode { Style: ScalarStyle.Plain } number when long.TryParse(number.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) => value,
        _ => ((YamlScalarNode)node).Value,
    };

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Odin.slnx")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests do not lie in the repository.");
        return directory.FullName;
    }
}
