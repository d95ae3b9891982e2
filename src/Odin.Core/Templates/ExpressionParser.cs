using System.Globalization;

namespace Odin.Templates;

/// <summary>Where a parser stands in the tokens of a template.</summary>
internal sealed class TokenReader(IReadOnlyList<Token> tokens, TemplateLimits limits)
{
    private int index;
    private int depth;

    public Token Current => tokens[index];

    public Token Peek(int ahead) => tokens[Math.Min(index + ahead, tokens.Count - 1)];

    public Token Take() => tokens[index < tokens.Count - 1 ? index++ : index];

    public bool IsOperator(string value) => Current.Kind == TokenKind.Operator && Current.Value == value;

    public bool IsName(string value) => Current.Kind == TokenKind.Name && Current.Value == value;

    public bool TryTakeOperator(string value)
    {
        if (!IsOperator(value))
            return false;
        Take();
        return true;
    }

    public bool TryTakeName(string value)
    {
        if (!IsName(value))
            return false;
        Take();
        return true;
    }

    public void ExpectOperator(string value)
    {
        if (!TryTakeOperator(value))
            throw Unexpected($"\"{value}\"");
    }

    public string ExpectName(string what)
    {
        if (Current.Kind != TokenKind.Name)
            throw Unexpected(what);
        return Take().Value;
    }

    public TemplateException Unexpected(string wanted)
    {
        var found = Current.Kind == TokenKind.End ? "the template ends" : $"there is \"{Current.Value}\"";
        return new TemplateException(Current.Position, $"Expected {wanted}, but {found}.");
    }

    /// <summary>Goes one level down; the caller comes up again by <see cref="Leave"/>. Recursion is bounded by this.</summary>
    public void Enter()
    {
        if (++depth > limits.MaxDepth)
            throw new TemplateException(Current.Position, $"Blocks or brackets are nested more than {limits.MaxDepth} levels deep; simplify the template.");
    }

    public void Leave() => depth--;
}

/// <summary>Reads one expression, by the precedence of Jinja2.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    /// <summary>Operators, members and filters in one expression. It bounds the depth of the tree, which is walked by recursion.</summary>
    private const int MostOperations = 200;

    private static readonly HashSet<string> Reserved = ["and", "or", "not", "if", "else", "in", "is", "for", "recursive"];

    private static readonly Dictionary<string, object?> Constants = new(StringComparer.Ordinal)
    {
        ["true"] = true,
        ["True"] = true,
        ["false"] = false,
        ["False"] = false,
        ["none"] = null,
        ["None"] = null,
    };

    private int operations;

    public TemplateExpression Read()
    {
        operations = 0;
        return ReadConditional();
    }

    /// <summary>Without the inline <c>if</c>: in <c>for x in list if condition</c> the condition belongs to the loop.</summary>
    public TemplateExpression ReadWithoutCondition()
    {
        operations = 0;
        return ReadOr();
    }

    private TemplateExpression ReadConditional()
    {
        tokens.Enter();
        var value = ReadOr();
        while (tokens.IsName("if"))
        {
            var position = Operation();
            tokens.Take();
            var condition = ReadOr();
            var otherwise = tokens.TryTakeName("else") ? ReadConditional() : null;
            value = new ConditionalExpression(position, condition, value, otherwise);
        }
        tokens.Leave();
        return value;
    }

    private TemplateExpression ReadOr() => ReadLeft(ReadAnd, token => token is { Kind: TokenKind.Name, Value: "or" });

    private TemplateExpression ReadAnd() => ReadLeft(ReadNot, token => token is { Kind: TokenKind.Name, Value: "and" });

    private TemplateExpression ReadNot()
    {
        if (!tokens.IsName("not"))
            return ReadComparison();
        var position = Operation();
        tokens.Take();
        tokens.Enter();
        var operand = ReadNot();
        tokens.Leave();
        return new UnaryExpression(position, "not", operand);
    }

    private TemplateExpression ReadComparison()
    {
        var first = ReadSum();
        List<(string, TemplateExpression)>? rest = null;
        while (true)
        {
            var position = tokens.Current.Position;
            string comparison;
            if (tokens.Current is { Kind: TokenKind.Operator, Value: "==" or "!=" or "<" or "<=" or ">" or ">=" })
                comparison = tokens.Take().Value;
            else if (tokens.TryTakeName("in"))
                comparison = "in";
            else if (tokens.IsName("not") && tokens.Peek(1) is { Kind: TokenKind.Name, Value: "in" })
                comparison = "not in";
            else
                return rest is null ? first : new ComparisonExpression(first.Position, first, rest);
            if (comparison == "not in")
            {
                tokens.Take();
                tokens.Take();
            }
            CountOperation(position);
            (rest ??= []).Add((comparison, ReadSum()));
        }
    }

    private TemplateExpression ReadSum() => ReadLeft(ReadConcatenation, token => token is { Kind: TokenKind.Operator, Value: "+" or "-" });

    private TemplateExpression ReadConcatenation() => ReadLeft(ReadProduct, token => token is { Kind: TokenKind.Operator, Value: "~" });

    private TemplateExpression ReadProduct() => ReadLeft(() => ReadUnary(hasFilters: true), token => token is { Kind: TokenKind.Operator, Value: "*" or "/" or "//" or "%" });

    private TemplateExpression ReadLeft(Func<TemplateExpression> operand, Func<Token, bool> isOperator)
    {
        var left = operand();
        while (isOperator(tokens.Current))
        {
            var position = Operation();
            left = new BinaryExpression(position, tokens.Take().Value, left, operand());
        }
        return left;
    }

    /// <summary>A filter after a sign works on the signed value: <c>-a | abs</c> is positive.</summary>
    private TemplateExpression ReadUnary(bool hasFilters)
    {
        if (!tokens.IsOperator("-") && !tokens.IsOperator("+"))
            return ReadPostfix(ReadPrimary(), hasFilters);
        var position = Operation();
        var sign = tokens.Take().Value;
        tokens.Enter();
        var operand = ReadUnary(hasFilters: false);
        tokens.Leave();
        return ReadPostfix(new UnaryExpression(position, sign, operand), hasFilters);
    }

    private TemplateExpression ReadPostfix(TemplateExpression target, bool hasFilters)
    {
        while (true)
        {
            var position = tokens.Current.Position;
            if (tokens.TryTakeOperator("."))
                target = ReadMember(target, position);
            else if (tokens.TryTakeOperator("["))
                target = ReadIndex(target, position);
            else if (hasFilters && tokens.TryTakeOperator("|"))
                target = new FilterExpression(position, target, tokens.ExpectName("the name of a filter"), ReadArguments());
            else if (hasFilters && tokens.TryTakeName("is"))
                target = ReadTest(target, position);
            else if (tokens.IsOperator("("))
                throw new TemplateException(position, target is NameExpression name ? $"There is no function \"{name.Name}\"; there is only range." : "Only named functions and methods can be called.");
            else
                return target;
            CountOperation(position);
        }
    }

    private TemplateExpression ReadMember(TemplateExpression target, TemplatePosition position)
    {
        if (tokens.Current.Kind == TokenKind.Integer)
            return new MemberExpression(position, target, ReadPrimary());
        var name = tokens.ExpectName("the name of a member");
        return tokens.IsOperator("(")
            ? new MethodExpression(position, target, name, ReadArguments())
            : new MemberExpression(position, target, new LiteralExpression(position, name));
    }

    private TemplateExpression ReadIndex(TemplateExpression target, TemplatePosition position)
    {
        var start = tokens.IsOperator(":") ? null : ReadConditional();
        if (!tokens.TryTakeOperator(":"))
        {
            tokens.ExpectOperator("]");
            return new MemberExpression(position, target, start!);
        }
        var end = tokens.IsOperator("]") ? null : ReadConditional();
        tokens.ExpectOperator("]");
        return new SliceExpression(position, target, start, end);
    }

    private TestExpression ReadTest(TemplateExpression target, TemplatePosition position)
    {
        var isNegated = tokens.TryTakeName("not");
        var name = tokens.ExpectName("the name of a test");
        return new TestExpression(position, target, name, ReadArguments(), isNegated);
    }

    private List<TemplateArgument> ReadArguments()
    {
        var arguments = new List<TemplateArgument>();
        if (!tokens.TryTakeOperator("("))
            return arguments;
        while (!tokens.TryTakeOperator(")"))
        {
            string? name = null;
            if (tokens.Current.Kind == TokenKind.Name && tokens.Peek(1) is { Kind: TokenKind.Operator, Value: "=" })
            {
                name = tokens.Take().Value;
                tokens.Take();
            }
            arguments.Add(new TemplateArgument(name, ReadConditional()));
            if (!tokens.IsOperator(")"))
                tokens.ExpectOperator(",");
        }
        return arguments;
    }

    private TemplateExpression ReadPrimary()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Literal:
                tokens.Take();
                return new LiteralExpression(token.Position, token.Value);
            case TokenKind.Integer:
                tokens.Take();
                return long.TryParse(token.Value, CultureInfo.InvariantCulture, out var integer)
                    ? new LiteralExpression(token.Position, integer)
                    : throw new TemplateException(token.Position, $"The number {token.Value} is too large.");
            case TokenKind.Float:
                tokens.Take();
                return new LiteralExpression(token.Position, double.Parse(token.Value, CultureInfo.InvariantCulture));
            case TokenKind.Name when !Reserved.Contains(token.Value):
                return ReadName(tokens.Take());
            case TokenKind.Operator when token.Value is "(" or "[" or "{":
                tokens.Take();
                return token.Value == "{" ? ReadMap(token.Position) : ReadList(token);
            default:
                throw tokens.Unexpected("a value");
        }
    }

    private TemplateExpression ReadName(Token name)
    {
        if (Constants.TryGetValue(name.Value, out var constant))
            return new LiteralExpression(name.Position, constant);
        return name.Value == "range" && tokens.IsOperator("(")
            ? new CallExpression(name.Position, name.Value, ReadArguments())
            : new NameExpression(name.Position, name.Value);
    }

    /// <summary>A list, or what stands in parentheses: one expression, or several as a list.</summary>
    private TemplateExpression ReadList(Token open)
    {
        var close = open.Value == "[" ? "]" : ")";
        var items = new List<TemplateExpression>();
        var isList = open.Value == "[";
        while (!tokens.TryTakeOperator(close))
        {
            items.Add(ReadConditional());
            if (tokens.IsOperator(close))
                continue;
            tokens.ExpectOperator(",");
            isList = true;
        }
        return isList || items.Count == 0 ? new ListExpression(open.Position, items) : items[0];
    }

    private MapExpression ReadMap(TemplatePosition position)
    {
        var members = new List<(TemplateExpression, TemplateExpression)>();
        while (!tokens.TryTakeOperator("}"))
        {
            var key = ReadConditional();
            tokens.ExpectOperator(":");
            members.Add((key, ReadConditional()));
            if (!tokens.IsOperator("}"))
                tokens.ExpectOperator(",");
        }
        return new MapExpression(position, members);
    }

    private TemplatePosition Operation()
    {
        CountOperation(tokens.Current.Position);
        return tokens.Current.Position;
    }

    private void CountOperation(TemplatePosition position)
    {
        if (++operations > MostOperations)
            throw new TemplateException(position, $"The expression has more than {MostOperations} operations; split it with \"set\".");
    }
}
