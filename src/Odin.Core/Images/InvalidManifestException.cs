namespace Odin.Images;

/// <summary>What is wrong with a manifest.</summary>
public enum ManifestFlaw
{
    Invalid,

    /// <summary>It is not what its digest says.</summary>
    Digest,

    TooLarge,

    /// <summary>It names what is not there.</summary>
    BlobMissing,
}

/// <summary>A manifest was not taken; nothing has changed.</summary>
public sealed class InvalidManifestException(ManifestFlaw flaw, string message) : ImageException(message, isPassing: false)
{
    public ManifestFlaw Flaw { get; } = flaw;
}
