using System.Text;
using System.Text.Json.Nodes;
using Odin.Images;

namespace Odin.Tests.Images;

public sealed class SpdxDocumentTests
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly SpdxPackage[] Packages =
    [
        new("wine", "1.0", PackageUrl.Generic("wine", "1.0"), Sha256: Digest[7..]),
        new("scikit_learn", "1.2.1", PackageUrl.Python("scikit_learn", "1.2.1"), License: "BSD-3-Clause"),
        new("numpy", "1.24", PackageUrl.Python("numpy", "1.24")),
        new("docker.io/library/python:3.12", Digest, PackageUrl.Image("docker.io/library/python", Digest)),
    ];

    [Fact]
    public void Write_Packages_HasWhatTheFormatDemands()
    {
        var document = JsonNode.Parse(SpdxDocument.Write("r.example.org/wine:1", Packages, DateTimeOffset.UnixEpoch))!;

        Assert.Equal(("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT", "r.example.org/wine:1"),
            ((string?)document["spdxVersion"], (string?)document["dataLicense"], (string?)document["SPDXID"], (string?)document["name"]));
        Assert.StartsWith("https://spdx.org/spdxdocs/odin-", (string?)document["documentNamespace"], StringComparison.Ordinal);
        Assert.Equal("1970-01-01T00:00:00Z", (string?)document["creationInfo"]!["created"]);
        var packages = document["packages"]!.AsArray();
        Assert.Equal(["wine", "docker.io/library/python:3.12", "numpy", "scikit_learn"], packages.Select(p => (string?)p!["name"]));
        Assert.All(packages, p => Assert.Equal(("NOASSERTION", false), ((string?)p!["downloadLocation"], (bool)p["filesAnalyzed"]!)));
        Assert.Equal("pkg:pypi/scikit-learn@1.2.1", (string?)packages[3]!["externalRefs"]![0]!["referenceLocator"]);
        Assert.Equal("BSD-3-Clause", (string?)packages[3]!["licenseDeclared"]);
        Assert.Equal(Digest[7..], (string?)packages[0]!["checksums"]![0]!["checksumValue"]);
        Assert.Equal($"pkg:oci/python@{Uri.EscapeDataString(Digest)}?repository_url=docker.io%2Flibrary%2Fpython", (string?)packages[1]!["externalRefs"]![0]!["referenceLocator"]);
        var relations = document["relationships"]!.AsArray().Select(r => $"{r!["spdxElementId"]} {r["relationshipType"]} {r["relatedSpdxElement"]}").ToList();
        Assert.Equal("SPDXRef-DOCUMENT DESCRIBES SPDXRef-Package-0", relations[0]);
        Assert.Equal("SPDXRef-Package-0 CONTAINS SPDXRef-Package-3", relations[3]);
    }

    [Fact]
    public void Write_OtherOrder_GivesTheSameBytes()
    {
        var first = SpdxDocument.Write("x", Packages, DateTimeOffset.UnixEpoch);
        var second = SpdxDocument.Write("x", [Packages[0], Packages[3], Packages[2], Packages[1], Packages[1]], DateTimeOffset.UnixEpoch);

        Assert.Equal(Encoding.UTF8.GetString(first), Encoding.UTF8.GetString(second));
        Assert.NotEqual((string?)JsonNode.Parse(first)!["documentNamespace"], (string?)JsonNode.Parse(SpdxDocument.Write("y", Packages, DateTimeOffset.UnixEpoch))!["documentNamespace"]);
    }
}
