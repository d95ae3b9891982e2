using System.Text.RegularExpressions;

namespace Odin.Resources;

/// <summary>Names and versions that become the value of a Kubernetes label.</summary>
public static partial class LabelValue
{
    private const string Rule = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";
    private const int Longest = 63;

    /// <summary>What is wrong with a value; null: nothing. The empty one is right.</summary>
    public static string? Find(string value) =>
        !Pattern().IsMatch(value) ? $"{value} must be valid Kubernetes label, i.e. match this pattern: {Rule}"
        : value.Length > Longest ? $"{value} must be valid Kubernetes label, i.e. have at most {Longest} characters"
        : null;

    [GeneratedRegex(@"\A(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z")]
    private static partial Regex Pattern();
}
