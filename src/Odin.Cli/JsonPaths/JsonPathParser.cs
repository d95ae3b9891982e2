using System.Globalization;
using System.Text.Json.Nodes;

namespace Odin.Cli.JsonPaths;

/// <summary>Reads an expression by the grammar of the older system's client: unions bind least, then <c>where</c>, then steps.</summary>
internal sealed class JsonPathParser(string expression)
{
    // Of brackets in brackets.
    private const int MostDepth = 100;

    private readonly List<PathToken> tokens = JsonPathLexer.Read(expression);
    private int index, depth;

    private PathToken Current => tokens[index];

    public PathNode Parse()
    {
        if (Current.Kind == PathTokenKind.End)
            throw Wrong("there is nothing");
        var path = ParseUnion();
        return Current.Kind == PathTokenKind.End ? path : throw Unexpected();
    }

    private PathNode ParseUnion()
    {
        if (++depth > MostDepth)
            throw Wrong("there are too many brackets in brackets");
        var left = ParseWhere();
        while (TryTake("|"))
            left = new UnionNode(left, ParseWhere());
        depth--;
        return left;
    }

    private PathNode ParseWhere()
    {
        var left = ParseSteps();
        while (Current is { Kind: PathTokenKind.Name, Text: "where", IsQuoted: false })
        {
            index++;
            left = new WhereNode(left, ParseSteps());
        }
        return left;
    }

    private PathNode ParseSteps()
    {
        // "[*].a" and "..a" begin at the document.
        var left = Current.Is("[") ? new ThisNode()
            : Current.Is("..") ? new ThisNode()
            : ParseStep();
        while (true)
        {
            if (TryTake(".."))
                left = new DescendantsNode(left, Current.Is("[") ? ParseBrackets() : ParseStep());
            else if (TryTake("."))
                left = new ChildNode(left, Current.Is("[") ? ParseBrackets() : ParseStep());
            else if (Current.Is("["))
                left = new ChildNode(left, ParseBrackets());
            else
                return left;
        }
    }

    private PathNode ParseStep()
    {
        if (TryTake("$"))
            return new RootNode();
        if (TryTake("@"))
            return new ThisNode();
        if (TryTake("*"))
            return new AnyFieldNode();
        if (TryTake("("))
        {
            var inner = ParseUnion();
            Take(")");
            return inner;
        }
        if (Current.Kind is not (PathTokenKind.Name or PathTokenKind.Number))
            throw Unexpected();
        return new FieldsNode(ParseNames());
    }

    private List<string> ParseNames()
    {
        var names = new List<string> { TakeName() };
        while (TryTake(","))
            names.Add(TakeName());
        return names;
    }

    private string TakeName() => Current.Kind is PathTokenKind.Name or PathTokenKind.Number ? tokens[index++].Text : throw Unexpected();

    private PathNode ParseBrackets()
    {
        Take("[");
        PathNode node;
        if (TryTake("*"))
            node = new SliceNode(null, null, null);
        else if (TryTake("?"))
            node = new FilterNode(ParseFilter());
        else if (Current.Kind == PathTokenKind.Name)
            node = new FieldsNode(ParseNames());
        else
            node = ParseIndicesOrSlice();
        Take("]");
        return node;
    }

    private PathNode ParseIndicesOrSlice()
    {
        var first = Current.Is(":") ? null : (int?)TakeNumber();
        if (first is not null && !Current.Is(":"))
        {
            var indices = new List<int> { first.Value };
            while (TryTake(","))
                indices.Add(TakeNumber());
            return new IndicesNode(indices);
        }
        Take(":");
        var end = IsNumber ? (int?)TakeNumber() : null;
        var step = TryTake(":") && IsNumber ? (int?)TakeNumber() : null;
        return step == 0 ? throw Wrong("a step of 0 goes nowhere") : new SliceNode(first, end, step);
    }

    private bool IsNumber => Current.Kind == PathTokenKind.Number || Current.Is("-");

    private int TakeNumber()
    {
        var sign = TryTake("-") ? "-" : "";
        if (Current.Kind != PathTokenKind.Number || !int.TryParse(sign + Current.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw Unexpected();
        index++;
        return number;
    }

    private FilterNodeTest ParseFilter()
    {
        if (++depth > MostDepth)
            throw Wrong("there are too many brackets in brackets");
        var left = ParseAnd();
        while (TryTake("||"))
            left = new BothTest(left, ParseAnd(), IsAnd: false);
        depth--;
        return left;
    }

    private FilterNodeTest ParseAnd()
    {
        var left = ParseTest();
        while (TryTake("&&"))
            left = new BothTest(left, ParseTest(), IsAnd: true);
        return left;
    }

    private FilterNodeTest ParseTest()
    {
        if (TryTake("!"))
        {
            if (++depth > MostDepth)
                throw Wrong("there are too many negations");
            var inner = new NotTest(ParseTest());
            depth--;
            return inner;
        }
        if (TryTake("("))
        {
            var inner = ParseFilter();
            Take(")");
            return inner;
        }
        var left = ParseOperand();
        if (Current.Kind == PathTokenKind.Symbol && Current.Text is "==" or "=" or "!=" or "<" or "<=" or ">" or ">=" or "=~")
        {
            var symbol = tokens[index++].Text;
            return new CompareTest(left, symbol, ParseOperand());
        }
        return left.Path is { } path ? new ExistsTest(path) : throw Unexpected();
    }

    private Operand ParseOperand()
    {
        if (Current.Is("@") || Current.Is("$"))
            return new Operand(ParseSteps(), null);
        if (IsNumber)
            return new Operand(null, ParseConstantNumber());
        if (Current.Kind != PathTokenKind.Name)
            throw Unexpected();
        // A bare name is a field of what is looked at, unless it is one of JSON's words.
        if (!Current.IsQuoted && Current.Text is not ("true" or "false" or "null"))
            return new Operand(ParseSteps(), null);
        var token = tokens[index++];
        return new Operand(null, token.IsQuoted ? JsonValue.Create(token.Text) : token.Text == "null" ? null : JsonValue.Create(token.Text == "true"));
    }

    private JsonValue ParseConstantNumber()
    {
        var text = TryTake("-") ? "-" : "";
        text += Current.Kind == PathTokenKind.Number ? tokens[index++].Text : throw Unexpected();
        if (Current.Is(".") && tokens[index + 1].Kind == PathTokenKind.Number)
        {
            text += "." + tokens[index + 1].Text;
            index += 2;
        }
        return JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture));
    }

    private bool TryTake(string symbol)
    {
        if (!Current.Is(symbol))
            return false;
        index++;
        return true;
    }

    private void Take(string symbol)
    {
        if (!TryTake(symbol))
            throw Wrong($"there is {Describe()} where '{symbol}' is expected");
    }

    private JsonPathException Unexpected() => Wrong($"there is no use for {Describe()}");

    private string Describe() => Current.Kind == PathTokenKind.End ? "the end" : $"'{Current.Text}'";

    private JsonPathException Wrong(string problem) => new(expression, Current.Position, problem);
}
