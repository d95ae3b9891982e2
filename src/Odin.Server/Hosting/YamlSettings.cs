using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Odin.Server.Hosting;

/// <summary>
/// Reads <c>odin.yml</c>: nested maps of scalars, lists of scalars joined by ';'. Only events are read, so that neither
/// tags nor aliases can do anything.
/// </summary>
internal static class YamlSettings
{
    /// <summary>The value of each key, with dots between levels.</summary>
    /// <exception cref="StartupException">It is not such a file.</exception>
    public static Dictionary<string, string> Read(string path)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            using var text = File.OpenText(path);
            var parser = new Parser(text);
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
                return values;
            parser.Consume<DocumentStart>();
            if (parser.TryConsume<Scalar>(out var only) && only.Value.Length == 0)
                return values;
            ReadMap(parser, "", values, path);
            return values;
        }
        catch (YamlException e)
        {
            throw Wrong(path, e.Start, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(ExitCodes.Configuration, $"The configuration file '{path}' cannot be read: {e.Message}", e);
        }
    }

    private static void ReadMap(Parser parser, string prefix, Dictionary<string, string> values, string path)
    {
        parser.Consume<MappingStart>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Consume<Scalar>();
            var name = prefix + key.Value.Replace('-', '_');
            if (parser.Accept<MappingStart>(out _))
            {
                ReadMap(parser, name + ".", values, path);
                continue;
            }
            var known = Settings.All.FirstOrDefault(s => s.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (known is null)
                throw Wrong(path, key.Start, $"there is no setting '{name}'. 'odin-server --help' lists them.");
            if (!values.TryAdd(known.Key, ReadValue(parser)))
                throw Wrong(path, key.Start, $"the setting '{name}' is there twice.");
        }
    }

    private static string ReadValue(Parser parser)
    {
        if (!parser.TryConsume<SequenceStart>(out _))
            return parser.Consume<Scalar>().Value;
        var items = new List<string>();
        while (!parser.TryConsume<SequenceEnd>(out _))
            items.Add(parser.Consume<Scalar>().Value);
        return string.Join(';', items);
    }

    private static StartupException Wrong(string path, Mark at, string message) =>
        new(ExitCodes.Configuration, $"{path}:{at.Line}:{at.Column}: {message}");
}
