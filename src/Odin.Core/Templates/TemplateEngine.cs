using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Templates;

/// <summary>
/// Renders the part of Jinja2 that templated definitions use. A template computes on the values handed in and on nothing else:
/// there is no import, no include, no access to objects of the host; work, memory and nesting are bounded.
/// </summary>
public static class TemplateEngine
{
    /// <summary>Renders a template. A name that is not in the context renders as nothing, as in Jinja2.</summary>
    /// <param name="limits">Null: the defaults.</param>
    public static TemplateResult Render(string template, JsonObject context, TemplateLimits? limits = null)
    {
        limits ??= TemplateLimits.Default;
        try
        {
            var budget = new TemplateBudget(limits);
            budget.CheckLength(new TemplatePosition(1, 1), template.Length);
            var statements = TemplateParser.Parse(template, limits);
            var values = new TemplateMap(StringComparer.Ordinal);
            foreach (var (name, value) in context)
                values[name] = ToValue(value, limits.MaxDepth);
            return new TemplateResult(new TemplateRenderer(budget, values).Render(statements), null);
        }
        catch (TemplateException e)
        {
            return new TemplateResult(null, new TemplateError(e.Position.Line, e.Position.Column, e.Message));
        }
    }

    private static object? ToValue(JsonNode? node, int depth)
    {
        if (depth == 0)
            throw new TemplateException(new TemplatePosition(1, 1), "The context is nested too deeply.");
        switch (node)
        {
            case null:
                return null;
            case JsonArray list:
                return list.Select(item => ToValue(item, depth - 1)).ToList();
            case JsonObject map:
                var result = new TemplateMap(StringComparer.Ordinal);
                foreach (var (name, value) in map)
                    result[name] = ToValue(value, depth - 1);
                return result;
            default:
                return node.GetValueKind() switch
                {
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.String => node.GetValue<string>(),
                    // The cast keeps whole numbers whole; without it both would become double.
                    _ => long.TryParse(node.ToJsonString(), CultureInfo.InvariantCulture, out var integer) ? (object)integer : double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture),
                };
        }
    }
}
