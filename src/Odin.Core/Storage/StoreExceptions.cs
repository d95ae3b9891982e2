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

/// <summary>
/// A <see cref="ResourceQuery"/> that cannot be answered, because of a value that usually comes from a client: the
/// client's mistake, not ours.
/// </summary>
/// <param name="message">What is wrong and what is allowed.</param>
/// <param name="parameter">The member of the query, in camelCase: <c>continue</c>, <c>limit</c>.</param>
public sealed class InvalidQueryException(string message, string parameter) : ArgumentException(message)
{
    public string Parameter { get; } = parameter;
}

/// <summary>
/// The database could not be asked: gone, full, or read-only. The same call may succeed later. When the connection was
/// lost during a commit and the database did not come back soon enough to be asked what became of it, the writes may have
/// been carried out: read again before repeating them.
/// </summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True if the database has no room on its disk: reading goes on, writing as soon as there is room.</summary>
    public bool IsOutOfSpace { get; init; }
}

/// <summary>The store cannot be opened as configured, and trying again will not help. The message says what to change.</summary>
public sealed class StoreConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
