namespace Odin.Storage;

/// <summary>A resource of that kind and id exists already.</summary>
public sealed class ResourceAlreadyExistsException(string kind, string id)
    : Exception($"{kind} '{id}' exists already.")
{
    public string Kind { get; } = kind;

    public string Id { get; } = id;
}

/// <summary>The resource was changed by somebody else since it was read: read it again.</summary>
public sealed class ResourceConflictException(string kind, string id)
    : Exception($"{kind} '{id}' was changed in the meantime.")
{
    public string Kind { get; } = kind;

    public string Id { get; } = id;
}

/// <summary>There is no resource of that kind and id.</summary>
public sealed class ResourceNotFoundException(string kind, string id)
    : Exception($"{kind} '{id}' does not exist.")
{
    public string Kind { get; } = kind;

    public string Id { get; } = id;
}

/// <summary>The database could not be asked: gone, full, or read-only. The same call may succeed later.</summary>
public sealed class StoreUnavailableException(string message, Exception inner) : Exception(message, inner);
