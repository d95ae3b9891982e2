namespace Odin.ObjectStorage;

/// <summary>The storage could not be asked, or refused. The message says what it said and what to do, and holds no secret.</summary>
public class ObjectStorageException(string message, bool isPassing, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the same call may succeed later: unreachable, busy, out of room.</summary>
    public bool IsPassing { get; } = isPassing;

    /// <summary>The status code of the server's answer; 0: there was none.</summary>
    internal int Status { get; init; }

    /// <summary>The server's own name for what is wrong.</summary>
    internal string? Code { get; init; }

    /// <summary>How long the server wants to be left alone; null: it did not say.</summary>
    internal TimeSpan? RetryAfter { get; init; }
}

/// <summary>There is no object of that key.</summary>
public sealed class ObjectNotFoundException(string key, string storage)
    : ObjectStorageException($"There is no object '{key}' in {storage}.", isPassing: false)
{
    public string Key { get; } = key;
}

/// <summary>There is an object of that key already, and it was not to be replaced.</summary>
public sealed class ObjectAlreadyExistsException(string key, string storage)
    : ObjectStorageException($"There is an object '{key}' in {storage} already.", isPassing: false)
{
    public string Key { get; } = key;
}
