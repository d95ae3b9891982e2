using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Pipelines;

/// <summary>What becomes of given values that no parameter declares.</summary>
public enum UndeclaredValues
{
    /// <summary>Each is an error.</summary>
    Refused,

    /// <summary>They are for someone else: the context of a job with templates.</summary>
    Ignored,
}

/// <summary>The parameters of a run, or what is wrong with them.</summary>
/// <param name="Texts">The value of every parameter as it is put in the place of <c>${name}</c>.</param>
/// <param name="Values">The same with their types.</param>
public sealed record ParameterBinding(IReadOnlyDictionary<string, string> Texts, JsonObject Values, IReadOnlyList<Diagnostic> Diagnostics)
{
    public bool IsSuccess => Diagnostics.Count == 0;
}

/// <summary>Checks the values given at submit against the declarations and fills in the defaults.</summary>
public static class ParameterBinder
{
    /// <summary>The <see cref="Diagnostic.File"/> of what is wrong with given values.</summary>
    public const string DiagnosticFile = "parameters";

    /// <summary>
    /// Binds every parameter and reports all problems. Values may come as text (from a command line): <c>"3"</c> is an integer,
    /// <c>"yes"</c> a boolean, <c>"[1, 2]"</c> a list. A value of null counts as not given.
    /// </summary>
    public static ParameterBinding Bind(IReadOnlyList<PipelineParameter> parameters, JsonObject? given, UndeclaredValues undeclared = UndeclaredValues.Refused)
    {
        var bag = new DiagnosticBag(DiagnosticFile);
        var values = new JsonObject();
        foreach (var parameter in parameters)
        {
            if (given?[parameter.Name] is { } value)
                values[parameter.Name] = Check(parameter, value, bag);
            else if (parameter.Default is not null)
                values[parameter.Name] = parameter.Default.DeepClone();
            else
                bag.Error(default, DiagnosticCodes.MissingParameter, $"The parameter \"{parameter.Name}\" has no default and must be given: --x:{parameter.Name} VALUE.");
        }
        foreach (var (name, value) in given ?? [])
        {
            if (name.Contains('\0', StringComparison.Ordinal) || HoldsNul(value))
                bag.Error(default, DiagnosticCodes.InvalidParameter, $"The parameter {DiagnosticBag.Quote(name)} holds a NUL character, which no path, argument or variable can hold; remove it.");
        }
        foreach (var parameter in parameters.Where(parameter => given?[parameter.Name] is null && HoldsNul(parameter.Default)))
            bag.Error(default, DiagnosticCodes.InvalidParameter, $"The default of the parameter \"{parameter.Name}\" holds a NUL character, which no path, argument or variable can hold; remove it.");
        if (given is not null && undeclared == UndeclaredValues.Refused)
            ReportUndeclared(parameters, given, bag);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in values)
            texts[name] = value is null ? "" : ParameterValues.ToText(value);
        return new ParameterBinding(texts, values, bag.ToList());
    }

    private static JsonNode? Check(PipelineParameter parameter, JsonNode given, DiagnosticBag bag)
    {
        if (ParameterValues.Coerce(given, parameter.Type) is not { } value)
        {
            bag.Error(default, DiagnosticCodes.InvalidParameter,
                $"The parameter \"{parameter.Name}\" must be {Describe(parameter.Type)}, but it was given as {DiagnosticBag.Shorten(given.ToJsonString())}.");
            return null;
        }
        if (parameter.Choices is { } choices && !choices.Any(choice => JsonNode.DeepEquals(choice, value)))
        {
            var texts = choices.Select(ParameterValues.ToText).ToList();
            var text = ParameterValues.ToText(value);
            bag.Error(default, DiagnosticCodes.InvalidParameter,
                $"The parameter \"{parameter.Name}\" was given as {DiagnosticBag.Quote(text)}, which is not one of its choices{bag.Suggest(text, texts)}; use {DiagnosticBag.Shorten(string.Join(", ", texts))}.");
        }
        return value;
    }

    private static void ReportUndeclared(IReadOnlyList<PipelineParameter> parameters, JsonObject given, DiagnosticBag bag)
    {
        var names = parameters.Select(parameter => parameter.Name).ToList();
        foreach (var name in given.Select(pair => pair.Key).Where(name => !names.Contains(name)))
        {
            var remedy = names.Count == 0 ? "the pipeline declares none" : $"it declares {DiagnosticBag.Shorten(string.Join(", ", names))}";
            bag.Error(default, DiagnosticCodes.UnknownParameter, $"The pipeline has no parameter {DiagnosticBag.Quote(name)}{bag.Suggest(name, names)}; {remedy}.");
        }
    }

    private static bool HoldsNul(JsonNode? node) => node switch
    {
        JsonObject map => map.Any(pair => pair.Key.Contains('\0', StringComparison.Ordinal) || HoldsNul(pair.Value)),
        JsonArray list => list.Any(HoldsNul),
        JsonValue value => value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().Contains('\0', StringComparison.Ordinal),
        _ => false,
    };

    private static string Describe(ParameterType type) => type switch
    {
        ParameterType.Integer => "a whole number",
        ParameterType.Number => "a number",
        ParameterType.Boolean => "true or false",
        ParameterType.List => "a list (as JSON: [1, 2])",
        ParameterType.Map => "a map (as JSON: {\"a\": 1})",
        _ => "a text",
    };
}
