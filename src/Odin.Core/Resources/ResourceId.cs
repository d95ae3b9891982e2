using System.Text.RegularExpressions;

namespace Odin.Resources;

/// <summary>The ids that users give to connections, trainings and their like.</summary>
public static partial class ResourceId
{
    /// <summary>Lower-case letters, digits and dashes, from a letter to a letter or digit; at most 63.</summary>
    public static bool IsValid(string id) => Pattern().IsMatch(id);

    /// <summary>Adds what is wrong with an id.</summary>
    public static void Check(string id, ICollection<string> errors)
    {
        if (IsValid(id))
            return;
        errors.Add("ID is not valid");
        if (id.Length == 0)
            errors.Add("empty \"ID\"");
    }

    [GeneratedRegex(@"\A[a-z]([-a-z0-9]{0,61}[a-z0-9])?\z")]
    private static partial Regex Pattern();
}
