using System.Globalization;
using System.Text.Json.Nodes;

namespace Odin.Cli.Runs;

/// <summary>One <c>--x:key value</c>.</summary>
internal sealed record TemplateArgument(string Key, string Value);

/// <summary>The values that go into a job's templates and parameters, given as any number of <c>--x:key value</c>.</summary>
internal static class TemplateArguments
{
    private const string Prefix = "--x:";

    /// <summary>Takes them out of a command line: their names are not known beforehand, so no parser can.</summary>
    public static (IReadOnlyList<string> Remaining, IReadOnlyList<TemplateArgument> Taken) Extract(IReadOnlyList<string> arguments)
    {
        var remaining = new List<string>();
        var taken = new List<TemplateArgument>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument == "--")
            {
                remaining.AddRange(arguments.Skip(i));
                break;
            }
            if (!argument.StartsWith(Prefix, StringComparison.Ordinal))
            {
                remaining.Add(argument);
                continue;
            }
            var key = argument[Prefix.Length..];
            // A value may begin with a dash (a negative number), but not with this prefix.
            if (i + 1 >= arguments.Count || arguments[i + 1].StartsWith(Prefix, StringComparison.Ordinal))
                throw new CliException(ExitCode.Usage, $"'{argument}' has no value", $"Write it as `{argument.Split('=')[0]} VALUE`.");
            if (key.Length == 0 || key.Contains('=', StringComparison.Ordinal) || key.Split('.').Any(part => part.Length == 0))
                throw new CliException(ExitCode.Usage, $"'{argument}' is not of the form --x:KEY VALUE", "Write it as `--x:learning_rate 0.1`; dots in the key make nested maps.");
            taken.Add(new TemplateArgument(key, arguments[++i]));
        }
        return (remaining, taken);
    }

    /// <summary>
    /// The values as one document: <c>a.b</c> nests, numbers are numbers, a repeated key is a list, <c>-</c> in a key is <c>_</c>.
    /// </summary>
    public static JsonObject ToContext(IEnumerable<TemplateArgument> arguments)
    {
        var context = new JsonObject();
        foreach (var argument in arguments)
        {
            var path = argument.Key.Replace('-', '_').Split('.');
            var map = context;
            foreach (var name in path[..^1])
            {
                map = map[name] switch
                {
                    JsonObject inner => inner,
                    null => (JsonObject)(map[name] = new JsonObject()),
                    _ => throw new CliException(ExitCode.Usage, $"'--x:{argument.Key}' needs '{name}' to be a map, but it has a value of its own", "Give one or the other."),
                };
            }
            Add(map, path[^1], argument);
        }
        return context;
    }

    private static void Add(JsonObject map, string name, TemplateArgument argument)
    {
        var value = Convert(argument.Value);
        switch (map[name])
        {
            case null:
                map[name] = value;
                break;
            case JsonArray list:
                list.Add(value);
                break;
            case JsonObject:
                throw new CliException(ExitCode.Usage, $"'--x:{argument.Key}' has a value, but is a map already", "Give one or the other.");
            case var single:
                map.Remove(name);
                map[name] = new JsonArray(single, value);
                break;
        }
    }

    private static JsonValue Convert(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
            return JsonValue.Create(integer);
        // JSON has no infinities: such a text stays text.
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? JsonValue.Create(number)
            : JsonValue.Create(text);
    }
}
