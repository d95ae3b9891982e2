namespace Odin.Execution;

/// <summary>Names one execution: one attempt of a task.</summary>
/// <param name="Group">What shares fate and clean-up: the id of the run.</param>
/// <param name="Id">Unique over all groups; a DNS label of at most 63 characters on a cluster.</param>
public readonly record struct ExecutionKey(string Group, string Id)
{
    private const int LongestName = 200;

    public override string ToString() => Id;

    /// <summary>Both parts become names of files: refuses what is empty, too long or leads anywhere else.</summary>
    /// <exception cref="ArgumentException">The message says which part and why.</exception>
    public void ThrowIfUnsafe()
    {
        ThrowIfUnsafe(Group, nameof(Group));
        ThrowIfUnsafe(Id, nameof(Id));
    }

    /// <summary>The same check for a group alone.</summary>
    public static void ThrowIfUnsafe(string? name, string part)
    {
        if (string.IsNullOrEmpty(name))
            throw new ArgumentException($"The {part} of an execution is empty.");
        if (name[0] == '.' || name.Length > LongestName || name.Any(c => c is '/' or '\\' || char.IsControl(c)))
            throw new ArgumentException($"\"{name}\" cannot be the {part} of an execution: at most {LongestName} characters, no slash, not starting with a dot.");
    }
}
