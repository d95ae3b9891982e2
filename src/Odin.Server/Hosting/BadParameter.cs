using System.Text.Json;
using System.Text.RegularExpressions;

namespace Odin.Server.Hosting;

/// <summary>Says in our words which parameter of a query has a value of the wrong type. The framework has nothing but a sentence to tell it.</summary>
internal static partial class BadParameter
{
    /// <summary>Null: the exception is about something else.</summary>
    public static ProblemItem? Describe(BadHttpRequestException exception)
    {
        if (exception.StatusCode != StatusCodes.Status400BadRequest || Binding().Match(exception.Message) is not { Success: true } match)
            return null;
        var name = JsonNamingPolicy.CamelCase.ConvertName(match.Groups["name"].Value);
        var expected = match.Groups["type"].Value switch
        {
            "int" or "long" or "Nullable<int>" or "Nullable<long>" => "a whole number",
            "bool" or "Nullable<bool>" => "true or false",
            "double" or "Nullable<double>" => "a number",
            _ => "something else",
        };
        return new ProblemItem("WrongValue", $"'{name}' must be {expected}, but it is '{match.Groups["value"].Value}'.") { Location = name };
    }

    [GeneratedRegex("""^Failed to bind parameter "(?<type>[^" ]+) (?<name>[^"]+)" from "(?<value>.*)"\.$""", RegexOptions.Singleline)]
    private static partial Regex Binding();
}
