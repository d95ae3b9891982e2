using Odin.Pipelines.Yaml;

namespace Odin.Pipelines;

/// <summary>
/// Reads one map of the file key by key and reports every wrong type with its place. A key whose value is null counts as
/// not given; a value that was reported already is passed over in silence.
/// </summary>
/// <param name="what">The thing described, for messages: <c>task "train"</c>.</param>
internal sealed class MapReader(YamlMapping map, string what, DiagnosticBag bag)
{
    private readonly Dictionary<string, YamlEntry> entries = map.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);

    public YamlPosition Position => map.Position;

    public string What => what;

    public DiagnosticBag Bag => bag;

    public YamlMapping Map => map;

    /// <summary>The value of the key; null when it is absent, null or reported already.</summary>
    public YamlNode? Node(string key) =>
        entries.TryGetValue(key, out var entry) && !entry.Value.IsNull && entry.Value is not YamlInvalid ? entry.Value : null;

    /// <summary>Says which key is missing, unless the key is there with a value that was reported already.</summary>
    public YamlNode? Required(string key, string hint)
    {
        if (Node(key) is { } node)
            return node;
        if (!entries.TryGetValue(key, out var entry) || entry.Value is not YamlInvalid)
            bag.Error(entry?.Value.Position ?? map.Position, DiagnosticCodes.MissingKey, $"{Capital(what)} has no \"{key}\"; {hint}.");
        return null;
    }

    public string? Text(string key) => Node(key) is { } node ? AsText(node, Label(key)) : null;

    public string? RequiredText(string key, string hint) => Required(key, hint) is { } node ? AsText(node, Label(key)) : null;

    /// <summary>One of a few words; anything else is an error with the nearest one.</summary>
    public string? Choice(string key, IReadOnlyCollection<string> choices, string code = DiagnosticCodes.InvalidValue)
    {
        var text = Text(key);
        if (text is null || choices.Contains(text))
            return text;
        bag.Error(Node(key)!.Position, code,
            $"{Label(key)} is {DiagnosticBag.Quote(text)}, which is not one of its values{bag.Suggest(text, choices)}; use {string.Join(", ", choices)}.");
        return null;
    }

    public int? Integer(string key, int least, int most)
    {
        if (Node(key) is not { } node)
            return null;
        if (node is YamlScalar { Kind: YamlScalarKind.Integer } scalar && YamlScalarRules.TryGetInteger(scalar.Text, out var value) && value >= least && value <= most)
            return (int)value;
        var isNumber = node is YamlScalar { Kind: YamlScalarKind.Integer };
        bag.Error(node.Position, isNumber ? DiagnosticCodes.InvalidValue : DiagnosticCodes.WrongType,
            $"{Label(key)} must be a whole number from {least} to {most}, but it is {node.Description}.");
        return null;
    }

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string>? TextList(string key)
    {
        if (Node(key) is not { } node)
            return null;
        if (node is YamlSequence list)
            return AsTexts(list, Label(key));
        var hint = node is YamlScalar { Kind: YamlScalarKind.Text } scalar ? $"; write [{DiagnosticBag.Quote(scalar.Text)}]" : "";
        bag.Error(node.Position, DiagnosticCodes.WrongType, $"{Label(key)} must be a list of texts, but it is {node.Description}{hint}.");
        return null;
    }

    /// <summary>A text, which stands for a list of one, or a list of texts.</summary>
    public IReadOnlyList<string>? TextOrList(string key) => Node(key) switch
    {
        null => null,
        YamlSequence list => AsTexts(list, Label(key)),
        var node => AsText(node, Label(key)) is { } text ? [text] : null,
    };

    /// <summary>A map of texts. Numbers and booleans are taken as they are written when <paramref name="scalars"/> allows.</summary>
    public IReadOnlyDictionary<string, string>? TextMap(string key, ScalarValues scalars)
    {
        if (MapOf(key) is not { } values)
            return null;
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, node) in values.Map.Entries.Select(entry => (entry.Name, entry.Value)))
        {
            var label = $"{Capital(values.What)}: {DiagnosticBag.Quote(name)}";
            var text = scalars == ScalarValues.AsWritten && node is YamlScalar { Kind: not YamlScalarKind.Null } scalar ? scalar.Text : AsText(node, label);
            if (text is not null)
                result[name] = text;
        }
        return result;
    }

    /// <summary>The reader of a map in this one; null when it is not given or no map.</summary>
    public MapReader? MapOf(string key)
    {
        var node = Node(key);
        if (node is null)
            return null;
        if (node is YamlMapping value)
            return new MapReader(value, $"\"{key}\" of {what}", bag);
        bag.Error(node.Position, DiagnosticCodes.WrongType, $"{Label(key)} must be a map, but it is {node.Description}.");
        return null;
    }

    /// <summary>Readers of the maps under a key with two spellings; one map stands for a list of one. The first spelling wins.</summary>
    public IReadOnlyList<MapReader> Maps(string key, string? otherKey = null)
    {
        otherKey ??= key;
        if (key != otherKey && Node(key) is not null && Node(otherKey) is { } ignored)
        {
            bag.Warning(ignored.Position, DiagnosticCodes.AmbiguousKey,
                $"{Capital(what)} has both \"{key}\" and \"{otherKey}\"; only \"{key}\" is used, so join them.");
        }
        var used = Node(key) is null ? otherKey : key;
        if (Node(used) is not { } node)
            return [];
        var result = new List<MapReader>();
        foreach (var item in node is YamlSequence list ? list.Items : [node])
        {
            if (item is YamlMapping value)
                result.Add(new MapReader(value, $"\"{used}\" of {what}", bag));
            else if (item is not YamlInvalid)
                bag.Error(item.Position, DiagnosticCodes.WrongType, $"{Label(used)} must be a map or a list of maps, but this is {item.Description}.");
        }
        return result;
    }

    /// <summary>Every key that is not known is an error, with the nearest known one.</summary>
    public void RefuseUnknown(IReadOnlyCollection<string> known)
    {
        foreach (var key in map.Entries.Select(entry => entry.Key).Where(key => !known.Contains(key.Text)))
        {
            // A list of thirty keys beside the right one is only noise.
            var suggestion = bag.Suggest(key.Text, known);
            var rest = suggestion.Length > 0 ? "" : $"; known are {string.Join(", ", known)}";
            bag.Error(key.Position, DiagnosticCodes.UnknownKey, $"{Capital(what)} has the unknown key {DiagnosticBag.Quote(key.Text)}{suggestion}{rest}.");
        }
    }

    /// <summary>The text of a node; says what else it is, and to quote it if that helps.</summary>
    public string? AsText(YamlNode node, string label)
    {
        if (node is YamlScalar { Kind: YamlScalarKind.Text } text)
            return text.Text;
        if (node is YamlInvalid)
            return null;
        var remedy = node switch
        {
            YamlScalar { Kind: YamlScalarKind.Null } => "give a text, or \"\" for an empty one",
            YamlScalar scalar => $"quote it: {DiagnosticBag.Quote(scalar.Text)}",
            _ => "give one text",
        };
        bag.Error(node.Position, DiagnosticCodes.WrongType, $"{label} must be a text, but YAML reads it as {node.Description}; {remedy}.");
        return null;
    }

    public string Label(string key) => $"\"{key}\" of {what}";

    public static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private List<string> AsTexts(YamlSequence list, string label)
    {
        var result = new List<string>(list.Items.Count);
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (AsText(list.Items[i], $"Element {i + 1} of {label}") is { } text)
                result.Add(text);
        }
        return result;
    }
}

/// <summary>What a number or boolean means where a text is wanted.</summary>
internal enum ScalarValues
{
    /// <summary>An error that says to quote it.</summary>
    Refused,

    /// <summary>The characters in the file.</summary>
    AsWritten,
}
