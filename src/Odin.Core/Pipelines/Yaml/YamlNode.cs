namespace Odin.Pipelines.Yaml;

/// <summary>A place in a YAML text; both numbers count from 1.</summary>
internal readonly record struct YamlPosition(int Line, int Column);

/// <summary>What YAML 1.1 reads a scalar as. Dates are text here.</summary>
internal enum YamlScalarKind
{
    Text,
    Null,
    Boolean,
    Integer,
    Float,
}

/// <summary>A value of a YAML document with its place. An alias is the node of its anchor.</summary>
/// <param name="Position">Where the value begins (for a block scalar: its <c>|</c> or <c>&gt;</c>).</param>
/// <param name="Size">How many values it holds after all aliases are written out, itself included.</param>
internal abstract record YamlNode(YamlPosition Position, int Size)
{
    /// <summary>For messages: <c>a list</c>, <c>the number 5</c>.</summary>
    public abstract string Description { get; }

    public bool IsNull => this is YamlScalar { Kind: YamlScalarKind.Null };
}

/// <param name="TextColumn">The column of the first character of the text, when each further character is one column on; else null.</param>
internal sealed record YamlScalar(YamlPosition Position, string Text, YamlScalarKind Kind, int? TextColumn) : YamlNode(Position, 1)
{
    public override string Description => Kind switch
    {
        YamlScalarKind.Null => "empty",
        YamlScalarKind.Boolean => $"the boolean {Text}",
        YamlScalarKind.Integer or YamlScalarKind.Float => $"the number {DiagnosticBag.Shorten(Text)}",
        _ => $"the text {DiagnosticBag.Quote(Text)}",
    };
}

internal sealed record YamlSequence(YamlPosition Position, int Size, IReadOnlyList<YamlNode> Items) : YamlNode(Position, Size)
{
    public override string Description => "a list";
}

internal sealed record YamlMapping(YamlPosition Position, int Size, IReadOnlyList<YamlEntry> Entries) : YamlNode(Position, Size)
{
    public override string Description => "a map";
}

/// <summary>Stands where an error was reported already, so that nothing more is said about it.</summary>
internal sealed record YamlInvalid(YamlPosition Position) : YamlNode(Position, 1)
{
    public override string Description => "invalid";
}

/// <summary>One key of a map with its value. The key is the text as written, also where YAML reads a boolean.</summary>
internal sealed record YamlEntry(YamlScalar Key, YamlNode Value)
{
    public string Name => Key.Text;
}
