using Odin.ObjectStorage;

namespace Odin.Images;

/// <summary>How a registry is talked to.</summary>
public sealed record RegistryOptions
{
    /// <summary>Without TLS; null: only with a registry on this machine's own address (<c>localhost</c>, <c>127.0.0.1</c>, <c>[::1]</c>).</summary>
    public bool? IsPlainHttp { get; init; }

    internal TransferLimits Limits { get; init; } = TransferLimits.Default;

    /// <summary>Blobs up to this are sent in one request, and again as a whole when that breaks. In bytes.</summary>
    internal int WholeUpload { get; init; } = 256 << 10;
}
