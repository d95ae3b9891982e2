using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Odin.Pipelines.Yaml;

/// <summary>
/// Reads one YAML document into nodes that know their place. Aliases and merge keys are resolved; size, depth and the
/// number of values after aliases are bounded, so that a hostile text costs no more than an honest one of the same size.
/// </summary>
internal sealed class YamlComposer
{
    private const string CoreTagPrefix = "tag:yaml.org,2002:";

    private readonly YamlEvents parser;
    private readonly PipelineParserOptions options;
    private readonly DiagnosticBag bag;
    private readonly Dictionary<string, YamlNode> anchors = new(StringComparer.Ordinal);
    private int size;

    private YamlComposer(string yaml, PipelineParserOptions options, DiagnosticBag bag)
    {
        parser = new YamlEvents(yaml);
        this.options = options;
        this.bag = bag;
    }

    /// <summary>The document's value; null when it is empty or was refused, which <paramref name="bag"/> then says.</summary>
    public static YamlNode? Compose(string yaml, PipelineParserOptions options, DiagnosticBag bag)
    {
        if (DiagnosticBag.Utf8Length(yaml) > options.MaxBytes)
        {
            bag.Error(default, DiagnosticCodes.FileTooLarge, $"The file is larger than {options.MaxBytes} bytes; split the job or shorten it.");
            return null;
        }
        if (FindForbidden(yaml) is var index and >= 0)
        {
            var before = yaml.AsSpan(0, index);
            bag.Error(new YamlPosition(before.Count('\n') + 1, index - before.LastIndexOf('\n')), DiagnosticCodes.InvalidYaml,
                $"Not valid YAML: the character U+{(int)yaml[index]:X4} is not allowed; remove it, or write it as an escape in double quotes.");
            return null;
        }
        try
        {
            return new YamlComposer(yaml, options, bag).ReadDocument();
        }
        catch (YamlRefusedException e)
        {
            bag.Error(e.Position, e.Code, e.Message);
        }
        catch (YamlException e) when (FindTab(yaml, e) is { } tab)
        {
            bag.Error(tab, DiagnosticCodes.InvalidYaml, "Not valid YAML: the line is indented with a tab; use spaces.");
        }
        catch (YamlException e)
        {
            bag.Error(PositionOf(e.Start), DiagnosticCodes.InvalidYaml, $"Not valid YAML: {e.Message.TrimEnd('.')}.");
        }
        return null;
    }

    /// <summary>Control characters and halves of characters. The library takes U+0000 for the end of the text, which would hide the rest.</summary>
    private static int FindForbidden(string yaml)
    {
        for (var i = 0; i < yaml.Length; i++)
        {
            var c = yaml[i];
            if (c is (>= ' ' and <= '~') or '\n' or '\r' or '\t' or '\u0085' or (>= '\u00A0' and <= '\uD7FF') or (>= '\uE000' and <= '\uFFFD'))
                continue;
            if (!char.IsHighSurrogate(c) || i + 1 == yaml.Length || !char.IsLowSurrogate(yaml[i + 1]))
                return i;
            i++;
        }
        return -1;
    }

    /// <summary>The tab that the library stumbled over. It does not say where: it names the line before, or the beginning of the file.</summary>
    private static YamlPosition? FindTab(string yaml, YamlException exception)
    {
        var isLost = exception.Start is { Line: <= 1, Column: <= 1 };
        var number = 0;
        foreach (var line in yaml.AsSpan().EnumerateLines())
        {
            number++;
            var indentation = line[..^line.TrimStart(" \t").Length];
            if (indentation.Length == line.Length || indentation.IndexOf('\t') is not (>= 0 and var tab))
                continue;
            if (isLost || (number >= exception.Start.Line && number <= exception.End.Line + 1))
                return new YamlPosition(number, tab + 1);
        }
        return null;
    }

    private YamlNode? ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
            return null;
        parser.Consume<DocumentStart>();
        var root = ReadNode(depth: 1);
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second))
        {
            bag.Error(PositionOf(second.Start), DiagnosticCodes.MultipleDocuments,
                "A second document begins here, but the file must hold exactly one; remove the line \"---\" and what follows it.");
        }
        return root;
    }

    private YamlNode ReadNode(int depth)
    {
        var current = parser.Consume<ParsingEvent>();
        var position = PositionOf(current.Start);
        if (depth > options.MaxDepth)
            throw new YamlRefusedException(position, DiagnosticCodes.TooDeep, $"Values are nested more than {options.MaxDepth} levels deep; flatten the file.");
        if (current is AnchorAlias alias)
            return ReadAlias(alias, position);
        Count(1, position);
        YamlNode node = current switch
        {
            Scalar scalar => ReadScalar(scalar, position),
            SequenceStart => ReadSequence(position, depth),
            MappingStart => ReadMapping(position, depth),
            _ => throw new YamlRefusedException(position, DiagnosticCodes.InvalidYaml, "Not valid YAML: a value is missing here."),
        };
        if (current is NodeEvent { Tag.IsEmpty: false } tagged && !IsAllowed(tagged))
        {
            bag.Error(position, DiagnosticCodes.TypeTag,
                $"The type tag {DiagnosticBag.Quote(tagged.Tag.Value)} is not allowed; remove it. Only the plain types of YAML (\"!!str\", \"!!int\", …) may be named.");
            node = new YamlInvalid(position);
        }
        if (current is NodeEvent { Anchor.IsEmpty: false } anchored)
            anchors[anchored.Anchor.Value] = node;
        return node;
    }

    private YamlNode ReadAlias(AnchorAlias alias, YamlPosition position)
    {
        if (!anchors.TryGetValue(alias.Value.Value, out var node))
        {
            bag.Error(position, DiagnosticCodes.UnknownAnchor,
                $"The alias {DiagnosticBag.Quote("*" + alias.Value.Value)} has no anchor before it{bag.Suggest(alias.Value.Value, anchors.Keys)}; write \"&{DiagnosticBag.Shorten(alias.Value.Value)}\" where the value is defined.");
            return new YamlInvalid(position);
        }
        Count(node.Size, position);
        return node;
    }

    private static YamlScalar ReadScalar(Scalar scalar, YamlPosition position)
    {
        var kind = scalar.Style != ScalarStyle.Plain || scalar.Tag.IsNonSpecific ? YamlScalarKind.Text : YamlScalarRules.Resolve(scalar.Value);
        if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific)
        {
            var resolved = YamlScalarRules.Resolve(scalar.Value);
            kind = scalar.Tag.Value switch
            {
                CoreTagPrefix + "str" => YamlScalarKind.Text,
                CoreTagPrefix + "float" when resolved == YamlScalarKind.Integer => YamlScalarKind.Float,
                _ => resolved,
            };
        }
        // Only where raw text and value have the same length is the column of each character known.
        var width = scalar.End.Index - scalar.Start.Index;
        var quotes = scalar.Style == ScalarStyle.Plain ? 0 : 2;
        var isExact = scalar.Tag.IsEmpty && scalar.Anchor.IsEmpty && scalar.Style is ScalarStyle.Plain or ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted
            && scalar.Start.Line == scalar.End.Line && width == scalar.Value.Length + quotes;
        return new YamlScalar(position, scalar.Value, kind, isExact ? position.Column + quotes / 2 : null);
    }

    private YamlSequence ReadSequence(YamlPosition position, int depth)
    {
        var items = new List<YamlNode>();
        var total = 1;
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            var item = ReadNode(depth + 1);
            items.Add(item);
            total += item.Size;
        }
        return new YamlSequence(position, total, items);
    }

    private YamlMapping ReadMapping(YamlPosition position, int depth)
    {
        var own = new List<YamlEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        List<YamlEntry>? merged = null;
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var isMergeKey = parser.Accept<Scalar>(out var raw) && raw is { Value: "<<", Style: ScalarStyle.Plain, Tag.IsEmpty: true };
            var key = ReadNode(depth + 1);
            var value = ReadNode(depth + 1);
            if (isMergeKey)
                CollectMerged(value, merged ??= []);
            else if (key is YamlScalar name)
                AddEntry(own, names, new YamlEntry(name, value));
            else if (key is not YamlInvalid)
                bag.Error(key.Position, DiagnosticCodes.WrongType, $"A key must be a text, but this one is {key.Description}.");
        }
        return BuildMapping(position, own, names, merged);
    }

    private void AddEntry(List<YamlEntry> own, HashSet<string> names, YamlEntry entry)
    {
        if (names.Add(entry.Name))
        {
            own.Add(entry);
            return;
        }
        bag.Error(entry.Key.Position, DiagnosticCodes.DuplicateKey,
            $"The key {DiagnosticBag.Quote(entry.Name)} is given twice in the same map; remove one of them.");
    }

    /// <summary>Entries of the maps behind <c>&lt;&lt;</c>; in a list of maps the earlier one wins.</summary>
    private void CollectMerged(YamlNode value, List<YamlEntry> merged)
    {
        var maps = value is YamlSequence list ? list.Items : [value];
        foreach (var item in maps)
        {
            if (item is YamlMapping map)
            {
                Count(map.Size, map.Position);
                merged.AddRange(map.Entries);
            }
            else if (item is not YamlInvalid)
            {
                bag.Error(item.Position, DiagnosticCodes.WrongType, $"The merge key \"<<\" takes a map or a list of maps, but this is {item.Description}.");
            }
        }
    }

    private static YamlMapping BuildMapping(YamlPosition position, List<YamlEntry> own, HashSet<string> names, List<YamlEntry>? merged)
    {
        var entries = merged is null ? own : [.. merged.Where(entry => names.Add(entry.Name)), .. own];
        return new YamlMapping(position, 1 + entries.Sum(entry => 1 + entry.Value.Size), entries);
    }

    private void Count(int more, YamlPosition position)
    {
        size += more;
        if (size > options.MaxNodes)
        {
            throw new YamlRefusedException(position, DiagnosticCodes.TooManyValues,
                $"The file holds more than {options.MaxNodes} values once its aliases are written out; make it smaller.");
        }
    }

    private static bool IsAllowed(NodeEvent node)
    {
        if (node.Tag.IsNonSpecific)
            return true;
        return node switch
        {
            Scalar scalar => node.Tag.Value switch
            {
                CoreTagPrefix + "str" => true,
                CoreTagPrefix + "int" => YamlScalarRules.Resolve(scalar.Value) == YamlScalarKind.Integer,
                CoreTagPrefix + "float" => YamlScalarRules.Resolve(scalar.Value) is YamlScalarKind.Integer or YamlScalarKind.Float,
                CoreTagPrefix + "bool" => YamlScalarRules.Resolve(scalar.Value) == YamlScalarKind.Boolean,
                CoreTagPrefix + "null" => YamlScalarRules.Resolve(scalar.Value) == YamlScalarKind.Null,
                _ => false,
            },
            SequenceStart => node.Tag.Value == CoreTagPrefix + "seq",
            MappingStart => node.Tag.Value == CoreTagPrefix + "map",
            _ => false,
        };
    }

    private static YamlPosition PositionOf(Mark mark) => new((int)mark.Line, (int)mark.Column);

    private sealed class YamlRefusedException(YamlPosition position, string code, string message) : Exception(message)
    {
        public YamlPosition Position => position;

        public string Code => code;
    }
}
