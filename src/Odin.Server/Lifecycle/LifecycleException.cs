using Odin.Resources;

namespace Odin.Server.Lifecycle;

/// <summary>An answer of the inherited API other than the wanted one: <c>{"message": …}</c> with its status.</summary>
internal sealed class LifecycleException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>Whether the body was not read to its end, so that nobody knows what of it is unknown.</summary>
    public bool IsUnread { get; init; }

    public static LifecycleException BadRequest(string message) => new(StatusCodes.Status400BadRequest, message);

    public static LifecycleException NotFound(string id) => new(StatusCodes.Status404NotFound, $"entity \"{id}\" is not found");

    public static LifecycleException Exists(string id) => new(StatusCodes.Status409Conflict, $"entity \"{id}\" already exists");

    /// <summary>Throws if there is an error.</summary>
    /// <param name="noun">As in <c>model training</c>.</param>
    public static void ThrowIfAny(string noun, IReadOnlyCollection<string> errors)
    {
        if (errors.Count > 0)
            throw BadRequest($"Validation of {noun} is failed: {string.Join("; ", errors)}");
    }
}

/// <summary>The body of errors and of deletions.</summary>
public sealed record LifecycleMessage(string Message);
