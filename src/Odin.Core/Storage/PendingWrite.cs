namespace Odin.Storage;

/// <summary>A write, its document, and what became of it.</summary>
internal sealed class PendingWrite
{
    /// <exception cref="ArgumentException">The write has a text that cannot be kept.</exception>
    public PendingWrite(ResourceWrite write)
    {
        StoredText.Check(write);
        Write = write;
        Document = write.Resource is null ? null : write.Serialize!(write.Resource);
    }

    public ResourceWrite Write { get; }

    public string Kind => Write.Kind;

    public string Id => Write.Id;

    /// <summary>UTF-8 JSON; null for a delete.</summary>
    public byte[]? Document { get; }

    /// <summary>True when a row was created, changed or removed.</summary>
    public bool Applied { get; set; }

    /// <summary>The parent of that row.</summary>
    public string? StoredParent { get; set; }

    /// <summary>True when the write did not find what it needs. There is always a row to delete: none.</summary>
    public bool IsRefused => !Applied && Write.WriteKind != WriteKind.Delete;

    public ResourceChange Change => new(Write.WriteKind, Id, StoredParent);

    /// <summary>Why the write was refused.</summary>
    /// <param name="exists">Whether there is such a resource.</param>
    public Exception Failure(bool exists) => Write.WriteKind switch
    {
        WriteKind.Create => new ResourceAlreadyExistsException(Kind, Id),
        _ when exists => new ResourceConflictException(Kind, Id),
        _ => new ResourceNotFoundException(Kind, Id),
    };
}
