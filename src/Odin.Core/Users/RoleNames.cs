namespace Odin.Users;

/// <summary>What may be the name of a role.</summary>
public static class RoleNames
{
    public const int MaxLength = 63, MaxCount = 100;

    public const string Rule = "Roles are a list of 1 to 100 names of at most 63 letters, digits and characters of '. _ -', each of which starts and ends with a letter or a digit.";

    /// <summary>Whether all are, and there is at least one.</summary>
    public static bool AreValid(IReadOnlyCollection<string> names) => names.Count is > 0 and <= MaxCount && names.All(IsValid);

    private static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength
        && char.IsAsciiLetterOrDigit(name[0])
        && char.IsAsciiLetterOrDigit(name[^1])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
