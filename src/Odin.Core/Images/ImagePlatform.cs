using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Odin.Images;

/// <summary>What an image runs on, in the words of the image specification: <c>linux/amd64</c>, <c>linux/arm/v7</c>.</summary>
public sealed record ImagePlatform(
    [property: JsonPropertyName("os")] string OperatingSystem, string Architecture, string? Variant = null)
{
    /// <summary>That of this machine; always Linux, as images are.</summary>
    public static ImagePlatform Current { get; } = RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => new("linux", "amd64"),
        System.Runtime.InteropServices.Architecture.Arm64 => new("linux", "arm64"),
        System.Runtime.InteropServices.Architecture.X86 => new("linux", "386"),
        System.Runtime.InteropServices.Architecture.Arm or System.Runtime.InteropServices.Architecture.Armv6 => new("linux", "arm", "v7"),
        var other => new("linux", other.ToString().ToLowerInvariant()),
    };

    /// <summary>Whether an image for the other runs here: a variant counts only when both name one, and v8 is what arm64 is.</summary>
    public bool Accepts(ImagePlatform? other) =>
        other is not null && other.OperatingSystem == OperatingSystem && other.Architecture == Architecture
        && (Variant is null || other.Variant is null || Variant == other.Variant);

    public override string ToString() => Variant is null ? $"{OperatingSystem}/{Architecture}" : $"{OperatingSystem}/{Architecture}/{Variant}";
}
