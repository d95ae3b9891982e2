namespace Odin.Users;

/// <summary>What may be the name of a user.</summary>
public static class UserNames
{
    public const int MaxLength = 64;

    public const string Rule = "A user name has 1 to 64 letters, digits and characters of '. _ @ -', and starts with a letter or a digit.";

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '@' or '-');
}
