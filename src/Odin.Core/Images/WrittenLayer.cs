using Microsoft.Win32.SafeHandles;

namespace Odin.Images;

/// <summary>A compressed layer in a file that stays open, so that nobody can take it away, until this is disposed of.</summary>
/// <param name="diffId">The digest of the archive before it was compressed.</param>
/// <param name="path">Null: the file has no name.</param>
internal sealed class WrittenLayer(string name, SafeFileHandle file, Descriptor descriptor, string diffId, string? path) : IDisposable
{
    public string Name => name;

    public Descriptor Descriptor => descriptor;

    public string DiffId => diffId;

    public string? Path => path;

    public Task<Stream> OpenAsync(long offset, CancellationToken cancellationToken) => Task.FromResult<Stream>(new FilePartStream(file, offset));

    public void Dispose() => file.Dispose();
}
