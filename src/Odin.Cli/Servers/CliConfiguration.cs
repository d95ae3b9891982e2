using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Odin.Cli.Servers;

/// <summary>A server by name.</summary>
/// <param name="Username">Who logs in; null: the login name.</param>
internal sealed record ServerContext(string Name, Uri Url, string? Username);

/// <summary>The file <c>config.yml</c>: the servers by name, and which of them is meant when none is named.</summary>
internal sealed record CliConfiguration(string? Current, IReadOnlyList<ServerContext> Contexts)
{
    private const string FileName = "config.yml";

    public ServerContext? Find(string name) => Contexts.FirstOrDefault(c => c.Name == name);

    /// <summary>Reads the file; an absent one has no contexts.</summary>
    public static CliConfiguration Load(string directory)
    {
        var file = Path.Combine(directory, FileName);
        if (!File.Exists(file))
            return new CliConfiguration(null, []);
        try
        {
            using var reader = File.OpenText(file);
            var stream = new YamlStream();
            stream.Load(reader);
            return stream.Documents.Count > 0 && stream.Documents[0].RootNode is YamlMappingNode root
                ? Read(root, file)
                : new CliConfiguration(null, []);
        }
        catch (YamlException e)
        {
            throw new CliException(
                ExitCode.Usage,
                string.Create(CultureInfo.InvariantCulture, $"{file}:{e.Start.Line}:{e.Start.Column}: {e.Message}"),
                "Mend the file, or delete it and add the servers again with `odin context add`.");
        }
    }

    public void Save(string directory)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var root = new YamlMappingNode();
        if (Current is not null)
            root.Add("current", Current);
        var contexts = new YamlMappingNode();
        foreach (var context in Contexts)
        {
            var entry = new YamlMappingNode { { "url", Quoted(context.Url.AbsoluteUri) } };
            if (context.Username is not null)
                entry.Add("username", Quoted(context.Username));
            contexts.Add(Quoted(context.Name), entry);
        }
        root.Add("contexts", contexts);
        new YamlStream(new YamlDocument(root)).Save(text, assignAnchors: false);
        PrivateFile.Write(Path.Combine(directory, FileName), text.ToString());
    }

    private static YamlScalarNode Quoted(string text) => new(text) { Style = ScalarStyle.DoubleQuoted };

    private static CliConfiguration Read(YamlMappingNode root, string file)
    {
        var contexts = new List<ServerContext>();
        if (root.Children.TryGetValue("contexts", out var node) && node is YamlMappingNode map)
        {
            foreach (var (key, value) in map.Children)
            {
                if (value is YamlMappingNode entry && Text(entry, "url") is { } url)
                {
                    contexts.Add(new ServerContext(
                        key.ToString(), ConnectionResolver.Parse(url, $"context '{key}' in {file}"), Text(entry, "username")));
                }
            }
        }
        return new CliConfiguration(Text(root, "current"), contexts);
    }

    private static string? Text(YamlMappingNode map, string key) =>
        map.Children.TryGetValue(key, out var node) && node is YamlScalarNode { Value.Length: > 0 } scalar ? scalar.Value : null;
}
