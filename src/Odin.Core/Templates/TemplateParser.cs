namespace Odin.Templates;

/// <summary>Reads the blocks of a template.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader tokens;
    private readonly ExpressionParser expressions;

    private TemplateParser(TokenReader tokens)
    {
        this.tokens = tokens;
        expressions = new ExpressionParser(tokens);
    }

    public static IReadOnlyList<TemplateStatement> Parse(string text, TemplateLimits limits)
    {
        var parser = new TemplateParser(new TokenReader(TemplateLexer.Read(text), limits));
        var body = parser.ReadBody();
        if (parser.tokens.Current.Kind != TokenKind.End)
            throw new TemplateException(parser.tokens.Current.Position, $"\"{parser.tokens.Peek(1).Value}\" closes nothing that is open here; remove it.");
        return body;
    }

    /// <summary>Statements up to a tag that ends or divides the block around them.</summary>
    private List<TemplateStatement> ReadBody()
    {
        tokens.Enter();
        var body = new List<TemplateStatement>();
        while (tokens.Current.Kind != TokenKind.End && !IsBlockEnd())
            body.Add(ReadStatement());
        tokens.Leave();
        return body;
    }

    private bool IsBlockEnd() =>
        tokens.Current.Kind == TokenKind.StatementBegin && tokens.Peek(1) is { Kind: TokenKind.Name, Value: "endif" or "elif" or "else" or "endfor" or "endset" };

    private TemplateStatement ReadStatement()
    {
        var token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Text:
                return new TextStatement(token.Position, token.Value);
            case TokenKind.OutputBegin:
                var value = expressions.Read();
                Close(TokenKind.OutputEnd, "\"}}\"");
                return new OutputStatement(token.Position, value);
            default:
                var name = tokens.ExpectName("the name of a statement");
                return name switch
                {
                    "if" => ReadIf(token.Position),
                    "for" => ReadFor(token.Position),
                    "set" => ReadSet(token.Position),
                    _ => throw new TemplateException(token.Position, $"The statement \"{name}\" is not supported; there are if, for, set and raw."),
                };
        }
    }

    private IfStatement ReadIf(TemplatePosition position)
    {
        var branches = new List<(TemplateExpression?, IReadOnlyList<TemplateStatement>)> { (ReadCondition(), ReadBody()) };
        while (true)
        {
            var tag = tokens.Current.Position;
            switch (ReadTag("endif", position, "if"))
            {
                case "elif":
                    branches.Add((ReadCondition(), ReadBody()));
                    break;
                case "else":
                    CloseStatement();
                    branches.Add((null, ReadBody()));
                    Expect("endif", position, "if");
                    return new IfStatement(position, branches);
                case "endif":
                    CloseStatement();
                    return new IfStatement(position, branches);
                case var found:
                    throw Mismatch(tag, "endif", position, "if", found);
            }
        }
    }

    private TemplateExpression ReadCondition()
    {
        var condition = expressions.Read();
        CloseStatement();
        return condition;
    }

    private ForStatement ReadFor(TemplatePosition position)
    {
        var targets = ReadTargets();
        if (!tokens.TryTakeName("in"))
            throw tokens.Unexpected("\"in\"");
        var items = expressions.ReadWithoutCondition();
        var filter = tokens.TryTakeName("if") ? expressions.Read() : null;
        CloseStatement();
        var body = ReadBody();
        List<TemplateStatement> otherwise = [];
        if (tokens.Peek(1).Value == "else")
        {
            ReadTag("endfor", position, "for");
            CloseStatement();
            otherwise = ReadBody();
        }
        Expect("endfor", position, "for");
        return new ForStatement(position, targets, items, filter, body, otherwise);
    }

    private SetStatement ReadSet(TemplatePosition position)
    {
        var targets = ReadTargets();
        if (tokens.TryTakeOperator("="))
        {
            var value = expressions.Read();
            CloseStatement();
            return new SetStatement(position, targets, value, []);
        }
        CloseStatement();
        var body = ReadBody();
        Expect("endset", position, "set");
        return new SetStatement(position, targets, null, body);
    }

    private List<string> ReadTargets()
    {
        var targets = new List<string> { tokens.ExpectName("a name") };
        while (tokens.TryTakeOperator(","))
            targets.Add(tokens.ExpectName("a name"));
        return targets;
    }

    /// <summary>Takes <c>{% name</c> of the tag that ended a body.</summary>
    private string ReadTag(string end, TemplatePosition opened, string block)
    {
        if (tokens.Current.Kind == TokenKind.End)
            throw new TemplateException(opened, $"The block \"{block}\" is not closed; write \"{{% {end} %}}\" at its end.");
        tokens.Take();
        return tokens.Take().Value;
    }

    private void Expect(string end, TemplatePosition opened, string block)
    {
        var position = tokens.Current.Position;
        var found = ReadTag(end, opened, block);
        if (found != end)
            throw Mismatch(position, end, opened, block, found);
        CloseStatement();
    }

    private static TemplateException Mismatch(TemplatePosition position, string end, TemplatePosition opened, string block, string found) =>
        new(position, $"Expected \"{end}\" for the \"{block}\" in line {opened.Line}, but there is \"{found}\".");

    private void CloseStatement() => Close(TokenKind.StatementEnd, "\"%}\"");

    private void Close(TokenKind kind, string wanted)
    {
        if (tokens.Current.Kind != kind)
            throw tokens.Unexpected(wanted);
        tokens.Take();
    }
}
