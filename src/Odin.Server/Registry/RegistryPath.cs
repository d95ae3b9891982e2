using System.Text.RegularExpressions;
using Odin.Images;

namespace Odin.Server.Registry;

/// <summary>What of a repository a request is about.</summary>
internal enum RegistryPart
{
    Blob,

    /// <summary>The uploads; with an id, one of them.</summary>
    Upload,

    Manifest,

    Tags,

    Referrers,
}

/// <summary>A path below <c>/v2/</c>. Names of repositories have slashes in them, so it is read from its end.</summary>
/// <param name="Reference">A digest, a tag or the id of an upload; "" where there is none.</param>
internal sealed partial record RegistryPath(string Repository, RegistryPart Part, string Reference)
{
    /// <returns>Null: there is nothing of that kind.</returns>
    /// <exception cref="RegistryException">No repository can be called that.</exception>
    public static RegistryPath? Parse(string path)
    {
        var match = Pattern().Match(path);
        if (!match.Success)
            return null;
        var repository = match.Groups["name"].Value;
        if (!ImageReference.IsRepository(repository))
            throw new RegistryException(StatusCodes.Status400BadRequest, "NAME_INVALID", $"'{repository}' is no name of a repository: use lower-case letters, digits, and '.', '_', '-' between them.");
        var part = match.Groups["part"].Value switch
        {
            "blobs/uploads" => RegistryPart.Upload,
            "blobs" => RegistryPart.Blob,
            "manifests" => RegistryPart.Manifest,
            "tags" => RegistryPart.Tags,
            _ => RegistryPart.Referrers,
        };
        return new RegistryPath(repository, part, part == RegistryPart.Tags ? "" : match.Groups["reference"].Value);
    }

    [GeneratedRegex(@"\A(?<name>.+)/(?:(?<part>blobs/uploads)(?:/(?<reference>[^/]*))?|(?<part>blobs|manifests|referrers)/(?<reference>[^/]+)|(?<part>tags)/list)\z")]
    private static partial Regex Pattern();
}
