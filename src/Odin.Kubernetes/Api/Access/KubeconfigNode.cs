using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Odin.Kubernetes.Api.Access;

/// <summary>A mapping of a kubeconfig that knows where it stands, so that a complaint can name file, line and field.</summary>
internal sealed class KubeconfigNode(YamlMappingNode node, string file, string location)
{
    /// <summary>The path of this mapping in its file; empty for the whole.</summary>
    public string Field => location;

    public string? Text(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value is not YamlScalarNode scalar)
            throw Error(name, "a text is expected here");
        var isNull = scalar.Style is ScalarStyle.Plain or ScalarStyle.Any && scalar.Value is null or "" or "~" or "null";
        return isNull ? null : scalar.Value;
    }

    public string RequiredText(string name) =>
        Text(name) is { Length: > 0 } text ? text : throw Error(name, "is missing; it must be set");

    public bool Flag(string name) => Text(name) switch
    {
        null => false,
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        var other => throw Error(name, $"\"{other}\" is neither true nor false"),
    };

    /// <summary>A path, which counts from the directory of the file that names it.</summary>
    public string? FilePath(string name) => Text(name) is { Length: > 0 } path ? Resolve(path) : null;

    public string Resolve(string path) => Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(file))!);

    public KubeconfigNode? Map(string name) => Find(name) switch
    {
        null or YamlScalarNode { Value: null or "" or "~" or "null" } => null,
        YamlMappingNode map => new KubeconfigNode(map, file, Join(name)),
        _ => throw Error(name, "a mapping is expected here"),
    };

    public IReadOnlyList<KubeconfigNode> Maps(string name) =>
        [.. Items(name).Select((item, i) => item is YamlMappingNode map
            ? new KubeconfigNode(map, file, string.Create(CultureInfo.InvariantCulture, $"{Join(name)}[{i}]"))
            : throw Error(name, "a list of mappings is expected here"))];

    public IReadOnlyList<string> Texts(string name) =>
        [.. Items(name).Select(item => item is YamlScalarNode scalar ? scalar.Value ?? "" : throw Error(name, "a list of texts is expected here"))];

    /// <summary>This mapping under a name that says more than its place in a list.</summary>
    public KubeconfigNode Called(string newField) => new(node, file, newField);

    public KubernetesConfigurationException Error(string? name, string problem, Exception? inner = null)
    {
        var mark = (name is null ? null : Find(name))?.Start ?? node.Start;
        return new KubernetesConfigurationException(
            string.Create(CultureInfo.InvariantCulture, $"{file}:{mark.Line}:{mark.Column}: {(name is null ? location : Join(name))}: {problem}."), inner);
    }

    private IEnumerable<YamlNode> Items(string name) => Find(name) switch
    {
        null or YamlScalarNode { Value: null or "" or "~" or "null" } => [],
        YamlSequenceNode list => list.Children,
        _ => throw Error(name, "a list is expected here"),
    };

    private YamlNode? Find(string name) => node.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;

    private string Join(string name) => location.Length == 0 ? name : $"{location}.{name}";
}
