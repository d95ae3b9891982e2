namespace Odin.Resources;

/// <summary>What a request to a model may be called: its name stands in headers, in logs and in names of files.</summary>
public static class RequestId
{
    /// <summary>In characters.</summary>
    public const int Longest = 200;

    /// <summary>Whether a text can be one. Empty, it is none yet.</summary>
    public static bool IsValid(string text) => text.Length <= Longest && text.All(c => c is > ' ' and <= '~');
}
