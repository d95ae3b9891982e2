namespace Odin.Templates;

internal abstract record TemplateStatement(TemplatePosition Position);

internal sealed record TextStatement(TemplatePosition Position, string Text) : TemplateStatement(Position);

internal sealed record OutputStatement(TemplatePosition Position, TemplateExpression Value) : TemplateStatement(Position);

/// <param name="Branches">Condition and body; a null condition is <c>else</c>.</param>
internal sealed record IfStatement(TemplatePosition Position, IReadOnlyList<(TemplateExpression? Condition, IReadOnlyList<TemplateStatement> Body)> Branches)
    : TemplateStatement(Position);

internal sealed record ForStatement(
    TemplatePosition Position,
    IReadOnlyList<string> Targets,
    TemplateExpression Items,
    TemplateExpression? Filter,
    IReadOnlyList<TemplateStatement> Body,
    IReadOnlyList<TemplateStatement> Otherwise) : TemplateStatement(Position);

/// <param name="Value">Null for the block form, whose rendered <paramref name="Body"/> is the value.</param>
internal sealed record SetStatement(
    TemplatePosition Position, IReadOnlyList<string> Targets, TemplateExpression? Value, IReadOnlyList<TemplateStatement> Body) : TemplateStatement(Position);

internal abstract record TemplateExpression(TemplatePosition Position);

internal sealed record LiteralExpression(TemplatePosition Position, object? Value) : TemplateExpression(Position);

internal sealed record NameExpression(TemplatePosition Position, string Name) : TemplateExpression(Position);

internal sealed record ListExpression(TemplatePosition Position, IReadOnlyList<TemplateExpression> Items) : TemplateExpression(Position);

internal sealed record MapExpression(TemplatePosition Position, IReadOnlyList<(TemplateExpression Key, TemplateExpression Value)> Members)
    : TemplateExpression(Position);

/// <summary><c>a.b</c> and <c>a["b"]</c>.</summary>
internal sealed record MemberExpression(TemplatePosition Position, TemplateExpression Target, TemplateExpression Key) : TemplateExpression(Position);

/// <summary><c>a[1:3]</c>.</summary>
internal sealed record SliceExpression(TemplatePosition Position, TemplateExpression Target, TemplateExpression? Start, TemplateExpression? End)
    : TemplateExpression(Position);

/// <summary>A function: <c>range(3)</c>.</summary>
internal sealed record CallExpression(TemplatePosition Position, string Name, IReadOnlyList<TemplateArgument> Arguments) : TemplateExpression(Position);

/// <summary>A method: <c>a.items()</c>.</summary>
internal sealed record MethodExpression(TemplatePosition Position, TemplateExpression Target, string Name, IReadOnlyList<TemplateArgument> Arguments)
    : TemplateExpression(Position);

internal sealed record FilterExpression(TemplatePosition Position, TemplateExpression Target, string Name, IReadOnlyList<TemplateArgument> Arguments)
    : TemplateExpression(Position);

internal sealed record TestExpression(TemplatePosition Position, TemplateExpression Target, string Name, IReadOnlyList<TemplateArgument> Arguments, bool IsNegated)
    : TemplateExpression(Position);

/// <summary><c>not</c>, <c>-</c>, <c>+</c>.</summary>
internal sealed record UnaryExpression(TemplatePosition Position, string Operator, TemplateExpression Operand) : TemplateExpression(Position);

/// <summary>Arithmetic, <c>~</c>, <c>and</c>, <c>or</c>.</summary>
internal sealed record BinaryExpression(TemplatePosition Position, string Operator, TemplateExpression Left, TemplateExpression Right)
    : TemplateExpression(Position);

/// <summary><c>a &lt; b &lt;= c</c>: all of them.</summary>
internal sealed record ComparisonExpression(TemplatePosition Position, TemplateExpression First, IReadOnlyList<(string Operator, TemplateExpression Operand)> Rest)
    : TemplateExpression(Position);

/// <summary><c>a if b else c</c>.</summary>
internal sealed record ConditionalExpression(TemplatePosition Position, TemplateExpression Condition, TemplateExpression Then, TemplateExpression? Otherwise)
    : TemplateExpression(Position);

/// <param name="Name">Null for one by position.</param>
internal readonly record struct TemplateArgument(string? Name, TemplateExpression Value);
