using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Server.Tests.Hosting;

/// <summary>The OpenAPI document is an approved text: a change of the API shows in a change of the file.</summary>
public sealed class OpenApiTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task Document_IsTheApprovedOne()
    {
        var document = await fixture.Server.Client.GetJsonAsync("/openapi/v1.json");
        // Of the build, not of the API.
        document["info"]!.AsObject().Remove("version");
        var text = Sorted(document).ToJsonString(Indented) + "\n";
        var file = Path.Combine(SourceTree.Root, "docs", "reference", "openapi.json");
        if (Environment.GetEnvironmentVariable("ODIN_APPROVE") == "1")
            await File.WriteAllTextAsync(file, text);

        var approved = File.Exists(file) ? await File.ReadAllTextAsync(file) : "";
        Assert.True(approved == text, $"'{file}' is not what the server serves. Run this test with ODIN_APPROVE=1 to write it, and look at the difference.");
    }

    // The order of members says nothing, and it hangs on the order in which the framework meets types.
    private static JsonNode Sorted(JsonNode node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, m.Value is null ? null : Sorted(m.Value)))),
        JsonArray items => new JsonArray([.. items.Select(i => i is null ? null : Sorted(i))]),
        _ => node.DeepClone(),
    };
}
