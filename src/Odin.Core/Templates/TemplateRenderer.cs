using System.Text;

namespace Odin.Templates;

/// <summary>Carries out the statements of a template.</summary>
internal sealed class TemplateRenderer
{
    private readonly TemplateBudget budget;
    private readonly TemplateOperators operators;
    private readonly TemplateFilters filters;
    private readonly TemplateMethods methods;
    private readonly List<TemplateMap> scopes;
    private StringBuilder output = new();

    public TemplateRenderer(TemplateBudget budget, TemplateMap context)
    {
        this.budget = budget;
        operators = new TemplateOperators(budget);
        filters = new TemplateFilters(budget, operators);
        methods = new TemplateMethods(budget);
        scopes = [context];
    }

    public string Render(IReadOnlyList<TemplateStatement> statements)
    {
        foreach (var statement in statements)
            Run(statement);
        return output.ToString();
    }

    private void Run(TemplateStatement statement)
    {
        budget.Spend(statement.Position);
        switch (statement)
        {
            case TextStatement text:
                Append(text.Text, text.Position);
                break;
            case OutputStatement written:
                Append(PythonText.Print(Evaluate(written.Value), budget, written.Value.Position), written.Position);
                break;
            case IfStatement choice:
                foreach (var (condition, body) in choice.Branches)
                {
                    if (condition is not null && !TemplateOperators.IsTrue(Evaluate(condition)))
                        continue;
                    Run(body);
                    break;
                }
                break;
            case ForStatement loop:
                Run(loop);
                break;
            case SetStatement set:
                Assign(set.Targets, set.Value is null ? Capture(set.Body) : Evaluate(set.Value), set.Position);
                break;
        }
    }

    private void Run(IReadOnlyList<TemplateStatement> body)
    {
        foreach (var statement in body)
            Run(statement);
    }

    private void Run(ForStatement loop)
    {
        var items = TemplateFilters.ToList(Evaluate(loop.Items), loop.Items.Position);
        scopes.Add(new TemplateMap(StringComparer.Ordinal));
        if (loop.Filter is not null)
            items = [.. items.Where(item => IsWanted(loop, item))];
        for (var i = 0; i < items.Count; i++)
        {
            budget.Spend(loop.Position);
            scopes[^1] = new TemplateMap(StringComparer.Ordinal);
            Assign(loop.Targets, items[i], loop.Position);
            scopes[^1]["loop"] = LoopState(i, items.Count);
            Run(loop.Body);
        }
        scopes.RemoveAt(scopes.Count - 1);
        if (items.Count == 0)
            Run(loop.Otherwise);
    }

    private bool IsWanted(ForStatement loop, object? item)
    {
        budget.Spend(loop.Position);
        Assign(loop.Targets, item, loop.Position);
        return TemplateOperators.IsTrue(Evaluate(loop.Filter!));
    }

    private static TemplateMap LoopState(int index, int count) => new(StringComparer.Ordinal)
    {
        ["index"] = (long)index + 1,
        ["index0"] = (long)index,
        ["first"] = index == 0,
        ["last"] = index == count - 1,
        ["length"] = (long)count,
        ["revindex"] = (long)count - index,
        ["revindex0"] = (long)count - index - 1,
    };

    private void Assign(IReadOnlyList<string> targets, object? value, TemplatePosition position)
    {
        if (targets.Count == 1)
        {
            scopes[^1][targets[0]] = value;
            return;
        }
        if (value is not List<object?> items || items.Count != targets.Count)
            throw new TemplateException(position, $"{targets.Count} names need a list of {targets.Count} values, but there is {TemplateOperators.Describe(value)}.");
        for (var i = 0; i < targets.Count; i++)
            scopes[^1][targets[i]] = items[i];
    }

    private string Capture(IReadOnlyList<TemplateStatement> body)
    {
        var outer = output;
        output = new StringBuilder();
        Run(body);
        var text = output.ToString();
        output = outer;
        return text;
    }

    private void Append(string text, TemplatePosition position)
    {
        budget.CheckLength(position, text.Length);
        output.Append(text);
        if (output.Length > budget.MaxOutput)
            budget.CheckLength(position, output.Length);
    }

    private object? Evaluate(TemplateExpression expression)
    {
        budget.Spend(expression.Position);
        switch (expression)
        {
            case LiteralExpression literal:
                return literal.Value;
            case NameExpression name:
                return Lookup(name.Name, name.Position);
            case ListExpression list:
                return list.Items.Select(Evaluate).ToList();
            case MapExpression map:
                var members = new TemplateMap(StringComparer.Ordinal);
                foreach (var (key, value) in map.Members)
                    members[PythonText.Print(Evaluate(key), budget, key.Position)] = Evaluate(value);
                return members;
            case MemberExpression member:
                return TemplateMethods.Member(Evaluate(member.Target), Evaluate(member.Key), member.Position);
            case SliceExpression slice:
                return methods.Slice(Evaluate(slice.Target), slice.Start is null ? null : Evaluate(slice.Start), slice.End is null ? null : Evaluate(slice.End), slice.Position);
            case CallExpression call:
                return methods.Range(Evaluate(call.Arguments, call.Position));
            case MethodExpression method:
                return methods.Call(Evaluate(method.Target), method.Name, Evaluate(method.Arguments, method.Position));
            case FilterExpression filter:
                return filters.Apply(filter.Name, Evaluate(filter.Target), Evaluate(filter.Arguments, filter.Position));
            case TestExpression test:
                return TemplateTests.Apply(test.Name, Evaluate(test.Target), test.Position) != test.IsNegated;
            case UnaryExpression unary:
                return Negate(unary, Evaluate(unary.Operand));
            case BinaryExpression binary:
                return Evaluate(binary);
            case ComparisonExpression comparison:
                return Compare(comparison);
            case ConditionalExpression choice:
                return TemplateOperators.IsTrue(Evaluate(choice.Condition)) ? Evaluate(choice.Then)
                    : choice.Otherwise is null ? new Undefined("else") : Evaluate(choice.Otherwise);
            default:
                throw new TemplateException(expression.Position, "This expression is not supported.");
        }
    }

    private TemplateArguments Evaluate(IReadOnlyList<TemplateArgument> arguments, TemplatePosition position) =>
        new([.. arguments.Select(argument => (argument.Name, Evaluate(argument.Value)))], position);

    private object? Evaluate(BinaryExpression binary)
    {
        var left = Evaluate(binary.Left);
        switch (binary.Operator)
        {
            case "and":
                return TemplateOperators.IsTrue(left) ? Evaluate(binary.Right) : left;
            case "or":
                return TemplateOperators.IsTrue(left) ? left : Evaluate(binary.Right);
            case "~":
                return operators.Join(
                    PythonText.Print(left, budget, binary.Left.Position), PythonText.Print(Evaluate(binary.Right), budget, binary.Right.Position), binary.Position);
            default:
                return operators.Apply(binary.Operator, left, Evaluate(binary.Right), binary.Position);
        }
    }

    private object? Negate(UnaryExpression unary, object? value)
    {
        if (unary.Operator == "not")
            return !TemplateOperators.IsTrue(value);
        return unary.Operator == "-" ? operators.Apply("-", 0L, value, unary.Position) : operators.Apply("+", 0L, value, unary.Position);
    }

    private bool Compare(ComparisonExpression comparison)
    {
        var left = Evaluate(comparison.First);
        foreach (var (operation, operand) in comparison.Rest)
        {
            var right = Evaluate(operand);
            if (!operators.Compare(operation, left, right, comparison.Position))
                return false;
            left = right;
        }
        return true;
    }

    private object? Lookup(string name, TemplatePosition position)
    {
        for (var i = scopes.Count - 1; i >= 0; i--)
        {
            if (scopes[i].TryGetValue(name, out var value))
                return value;
        }
        return budget.AllNamesAreKnown
            ? throw new TemplateException(position, $"There is no '{name}' here: known are {string.Join(", ", scopes[0].Keys.Order(StringComparer.Ordinal))}.")
            : new Undefined(name);
    }
}
