using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Odin.Images;

/// <summary>A bill of materials by SPDX 2.3 as JSON; the same parts give the same bytes.</summary>
public static class SpdxDocument
{
    private const string DocumentId = "SPDXRef-DOCUMENT";

    private static readonly JsonWriterOptions Writing = new() { Indented = true, NewLine = "\n" };

    /// <param name="name">Of what is described: the image's reference.</param>
    /// <param name="packages">What is in it, in any order; the first is what the others are part of.</param>
    /// <param name="created">Use the time of the source to get the same bytes again.</param>
    public static byte[] Write(string name, IReadOnlyList<SpdxPackage> packages, DateTimeOffset created)
    {
        var ordered = packages.Take(1).Concat(packages.Skip(1).Distinct().OrderBy(p => p.Name, StringComparer.Ordinal).ThenBy(p => p.Version, StringComparer.Ordinal)).ToList();
        var ids = ordered.Select((package, index) => $"SPDXRef-Package-{index}").ToList();
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Writing))
        {
            json.WriteStartObject();
            json.WriteString("spdxVersion", "SPDX-2.3");
            json.WriteString("dataLicense", "CC0-1.0");
            json.WriteString("SPDXID", DocumentId);
            json.WriteString("name", name);
            json.WriteString("documentNamespace", NamespaceOf(name, ordered));
            json.WriteStartObject("creationInfo");
            json.WriteString("created", created.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            json.WriteStartArray("creators");
            json.WriteStringValue("Tool: odin");
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartArray("packages");
            for (var i = 0; i < ordered.Count; i++)
                WritePackage(json, ids[i], ordered[i]);
            json.WriteEndArray();
            json.WriteStartArray("relationships");
            for (var i = 0; i < ids.Count; i++)
                WriteRelationship(json, i == 0 ? DocumentId : ids[0], i == 0 ? "DESCRIBES" : "CONTAINS", ids[i]);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    private static void WritePackage(Utf8JsonWriter json, string id, SpdxPackage package)
    {
        json.WriteStartObject();
        json.WriteString("SPDXID", id);
        json.WriteString("name", package.Name);
        if (package.Version is not null)
            json.WriteString("versionInfo", package.Version);
        json.WriteString("downloadLocation", "NOASSERTION");
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("licenseConcluded", "NOASSERTION");
        json.WriteString("licenseDeclared", package.License ?? "NOASSERTION");
        json.WriteString("copyrightText", "NOASSERTION");
        if (package.Sha256 is not null)
        {
            json.WriteStartArray("checksums");
            json.WriteStartObject();
            json.WriteString("algorithm", "SHA256");
            json.WriteString("checksumValue", package.Sha256);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        if (package.Url is not null)
        {
            json.WriteStartArray("externalRefs");
            json.WriteStartObject();
            json.WriteString("referenceCategory", "PACKAGE-MANAGER");
            json.WriteString("referenceType", "purl");
            json.WriteString("referenceLocator", package.Url);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WriteRelationship(Utf8JsonWriter json, string element, string type, string related)
    {
        json.WriteStartObject();
        json.WriteString("spdxElementId", element);
        json.WriteString("relationshipType", type);
        json.WriteString("relatedSpdxElement", related);
        json.WriteEndObject();
    }

    // Must be another one for another document, and needs to lead nowhere.
    private static string NamespaceOf(string name, IEnumerable<SpdxPackage> packages)
    {
        var parts = packages.SelectMany(p => new[] { p.Name, p.Version, p.Url, p.Sha256, p.License }).Prepend(name);
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts)));
        return $"https://spdx.org/spdxdocs/odin-{Convert.ToHexStringLower(digest)}";
    }
}

/// <summary>One thing that an image is made of.</summary>
/// <param name="Url">The package URL: <c>pkg:pypi/numpy@1.26.4</c>; see <see cref="PackageUrl"/>.</param>
/// <param name="Sha256">In hexadecimal, of the thing as one file.</param>
/// <param name="License">An SPDX expression; null: not known.</param>
public sealed record SpdxPackage(string Name, string? Version, string? Url = null, string? Sha256 = null, string? License = null);

/// <summary>Package URLs (purl) of what our images hold.</summary>
public static class PackageUrl
{
    /// <summary>A package of PyPI; its name is brought to the form that PyPI compares by.</summary>
    public static string Python(string name, string version) =>
        $"pkg:pypi/{Uri.EscapeDataString(name.ToLowerInvariant().Replace('_', '-').Replace('.', '-'))}@{Uri.EscapeDataString(version)}";

    public static string Conda(string name, string version) => $"pkg:conda/{Uri.EscapeDataString(name.ToLowerInvariant())}@{Uri.EscapeDataString(version)}";

    /// <summary>An image.</summary>
    /// <param name="name">As in <see cref="ImageReference.Name"/>.</param>
    public static string Image(string name, string digest) =>
        $"pkg:oci/{Uri.EscapeDataString(name[(name.LastIndexOf('/') + 1)..])}@{Uri.EscapeDataString(digest)}?repository_url={Uri.EscapeDataString(name)}";

    /// <summary>What no registry of packages has: a model.</summary>
    public static string Generic(string name, string version) => $"pkg:generic/{Uri.EscapeDataString(name)}@{Uri.EscapeDataString(version)}";
}
