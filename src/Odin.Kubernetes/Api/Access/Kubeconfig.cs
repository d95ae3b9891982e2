using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Odin.Kubernetes.Api.Access;

/// <summary>Kubeconfig files as one, by kubectl's rule: the first file that sets a value or names an entry wins.</summary>
internal sealed class Kubeconfig(IReadOnlyList<KubeconfigNode> files, IReadOnlyList<string> paths)
{
    private const long LongestFile = 8 * 1024 * 1024;

    /// <summary>The files, for messages.</summary>
    public string Paths => string.Join(", ", paths);

    /// <summary>Whether there is nothing in them to choose from.</summary>
    public bool IsEmpty => Names("contexts").Count == 0 && Names("clusters").Count == 0 && string.IsNullOrEmpty(CurrentContext);

    public string? CurrentContext => files.Select(f => f.Text("current-context")).FirstOrDefault(c => !string.IsNullOrEmpty(c));

    public static Kubeconfig Load(IReadOnlyList<string> paths) => new([.. paths.Select(LoadFile)], paths);

    /// <summary>The entry of a list of named ones, such as <c>users</c> with <c>{name, user}</c>; null when no file has it.</summary>
    public KubeconfigNode? Find(string list, string kind, string name) => files.SelectMany(f => f.Maps(list))
        .FirstOrDefault(entry => entry.Text("name") == name) is not { } found ? null
            : found.Map(kind)?.Called($"{list}[{name}].{kind}") ?? throw found.Called($"{list}[{name}]").Error(kind, "is missing or empty; it must be a mapping");

    public IReadOnlyList<string> Names(string list) =>
        [.. files.SelectMany(f => f.Maps(list)).Select(entry => entry.Text("name") ?? "").Where(n => n.Length > 0).Distinct()];

    private static KubeconfigNode LoadFile(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LongestFile)
                throw new KubernetesConfigurationException($"{path}: is larger than 8 MiB, which no kubeconfig is.");
            using var reader = new StreamReader(path);
            var yaml = new YamlStream();
            yaml.Load(reader);
            return yaml.Documents switch
            {
                [] => new KubeconfigNode([], path, ""),
                [var document, ..] when document.RootNode is YamlMappingNode root => new KubeconfigNode(root, path, ""),
                _ => throw new KubernetesConfigurationException($"{path}: is not a kubeconfig: a mapping with \"clusters\", \"users\" and \"contexts\" is expected."),
            };
        }
        catch (YamlException e)
        {
            throw new KubernetesConfigurationException(
                string.Create(CultureInfo.InvariantCulture, $"{path}:{e.Start.Line}:{e.Start.Column}: is not YAML: {e.Message}"), e);
        }
        catch (InvalidOperationException e)
        {
            // The parser's way to stumble over some unclosed brackets.
            throw new KubernetesConfigurationException($"{path}: is not YAML; look for brackets that are not closed.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubernetesConfigurationException($"{path}: cannot be read ({e.Message}); make it readable for this program.", e);
        }
    }
}
