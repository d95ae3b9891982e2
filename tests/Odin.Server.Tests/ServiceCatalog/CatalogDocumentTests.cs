using System.Text.Json.Nodes;
using Odin.Server.ServiceCatalog;

namespace Odin.Server.Tests.ServiceCatalog;

public sealed class CatalogDocumentTests
{
    private const string Model = """
        {"swagger":"2.0","info":{"title":"m"},"basePath":"/","host":"h","paths":{"/api/model/invoke":{"post":{"operationId":"predict","tags":["x"],
         "security":[{"mine":[]}],"schemes":["http"],
         "parameters":[{"in":"body","name":"b","schema":{"$ref":"#/definitions/Rows"}},{"$ref":"#/parameters/Limit"}],
         "responses":{"200":{"schema":{"$ref":"#/definitions/Answer"}},"400":{"$ref":"#/responses/Wrong"}}},"parameters":[]}},
         "definitions":{"Rows":{"type":"array","items":{"$ref":"#/definitions/Row"}},"Row":{"type":"object"},"Answer":{"$ref":"http://other.example/#/definitions/Row","type":"object"}},
         "parameters":{"Limit":{"name":"limit","in":"query","type":"integer"}},"responses":{"Wrong":{"description":"w"}}}
        """;

    [Fact]
    public void Combine_TwoModels_PrefixesTagsAndKeepsTheirDefinitionsApart()
    {
        var document = Combine(Entry("a-1", "/model/a", Model), Entry("b-2", "/model/b", Model));
        Assert.Equal(["/model/a/api/model/invoke", "/model/b/api/model/invoke"], document["paths"]!.Keys());
        Assert.Equal(["a-1.Rows", "a-1.Row", "a-1.Answer", "b-2.Rows", "b-2.Row", "b-2.Answer"], document["definitions"]!.Keys());
        Assert.Equal(["a-1.Limit", "b-2.Limit"], document["parameters"]!.Keys());
        Assert.Equal(["a-1.Wrong", "b-2.Wrong"], document["responses"]!.Keys());
        var post = document["paths"]!["/model/b/api/model/invoke"]!["post"]!;
        Assert.Equal(
            """
            {"operationId":"b-2.predict","tags":["b-2"],"parameters":[{"in":"body","name":"b","schema":{"$ref":"#/definitions/b-2.Rows"}},{"$ref":"#/parameters/b-2.Limit"}],"responses":{"200":{"schema":{"$ref":"#/definitions/b-2.Answer"}},"400":{"$ref":"#/responses/b-2.Wrong"}}}
            """,
            post.ToJsonString());
        Assert.Equal("#/definitions/a-1.Row", (string?)document["definitions"]!["a-1.Rows"]!["items"]!["$ref"]);
        Assert.Equal("""{"type":"object"}""", document["definitions"]!["a-1.Answer"]!.ToJsonString());
        Assert.Equal("""[{"name":"a-1","description":"wine 1.0"},{"name":"b-2","description":"wine 1.0"}]""", document["tags"]!.ToJsonString());
        AssertReferencesHold(document, document);
    }

    [Fact]
    public void Combine_NoModels_IsADocumentAllTheSame()
    {
        var document = CatalogDocument.Combine([], "https", (_, _) => { });
        Assert.Equal(
            """
            {"swagger":"2.0","info":{"title":"Service Catalog","description":"Catalog of model services","version":"1.0","license":{"name":"Apache 2.0","url":"http://www.apache.org/licenses/LICENSE-2.0.html"}},"schemes":["https"],"host":"","basePath":"","securityDefinitions":{"token":{"type":"apiKey","name":"Authorization","in":"header","description":"The word Bearer, a blank, and a token of this server."}},"security":[{"token":[]}],"tags":[],"paths":{}}
            """,
            document.ToJsonString());
    }

    [Fact]
    public void Combine_OddModels_TakesWhatCanBeRead()
    {
        var document = Combine(
            Entry("a", "/model/a", """{"basePath":"/v1/","paths":{"/x":{"get":{}}, "/y":null, "/z":[1]}}"""), Entry("b", "/model/b", """{"paths":3,"definitions":[],"basePath":7}"""),
            Entry("c", "/model/c", """{"paths":{"/x":{"get":{"operationId":5,"schema":{"$ref":{"a":1}}},"post":"p"}}}"""));
        Assert.Equal(["/model/a/v1/x", "/model/c/x"], document["paths"]!.Keys());
        Assert.Equal("""{"$ref":{"a":1}}""", document["paths"]!["/model/c/x"]!["get"]!["schema"]!.ToJsonString());
    }

    /// <summary>They can be parsed, and throw only when somebody goes through them or writes them.</summary>
    [Theory]
    [InlineData("""{"paths":{"/x":{"get":{}}},"definitions":{"A":{"a":1,"a":2}}}""")]
    [InlineData("""{"paths":{"/x":{"get":{}},"/x":{"get":{}}}}""")]
    [InlineData("""{"paths":{"/x":{"get":{"summary":"\ud800"}}}}""")]
    [InlineData("""{"paths":{"/x":{"get":{"\ud800":1}}}}""")]
    [InlineData("""{"paths":{"/x":{"get":{"operationId":"\ud800"}}}}""")]
    [InlineData("""{"paths":{"/x":{"get":{}}},"basePath":"\ud800"}""")]
    [InlineData("""{"paths":{"/x":{"get":{}}},"parameters":{"p":{"$ref":"\ud800"}}}""")]
    [InlineData("""{"paths":{"/x":{"get":{}}},"paths":{}}""")]
    public void Combine_AModelThatCannotBeRead_LeavesOutThatOneAlone(string odd)
    {
        var leftOut = new List<string>();
        var document = CatalogDocument.Combine(
            [Entry("a", "/model/a", Model), Entry("odd", "/model/odd", odd), Entry("z", "/model/z", Model)], "http", (entry, why) => leftOut.Add($"{entry.RouteId} {why.Length > 0}"));
        Assert.Equal(["odd True"], leftOut);
        Assert.Equal(["/model/a/api/model/invoke", "/model/z/api/model/invoke"], document["paths"]!.Keys());
        Assert.DoesNotContain("odd", document.ToJsonString(), StringComparison.Ordinal);
    }

    /// <summary>Whoever tries out one model asks that one, on this server.</summary>
    [Fact]
    public void Combine_ModelThatPointsElsewhere_StaysBelowItsPrefix()
    {
        string[] paths = ["/../beer/api/model/invoke", "2/x", "", "..", "/a/%2e%2E/x", "/a/.%2e/x", "/./x", "/x/..", "/..\\beer", "/.\t./beer", "/.. ", "/x/..?y", "/x/..#y", "//other/../x", "/good/{id}.x/..a"];
        var model = new JsonObject { ["paths"] = new JsonObject(paths.Select(p => KeyValuePair.Create(p, (JsonNode?)new JsonObject { ["get"] = new JsonObject() }))) };
        var document = Combine(Entry("a", "/model/a", model.ToJsonString()));
        Assert.Equal(["/model/a/good/{id}.x/..a"], document["paths"]!.Keys());
        foreach (var root in new[] { "/../beer", "beer", "//%2e%2e/beer", "/v1/./x" })
            Assert.Equal(["/model/a/x"], Combine(Entry("a", "/model/a", $$$$$"""{"basePath":"{{{{{root}}}}}","paths":{"/x":{"get":{}}}}"""))["paths"]!.Keys());
        document = Combine(Entry("a", "/model/a", """
            {"paths":{"/x":{"$ref":"https://other.example/x","get":{"a":{"$ref":"other.json#/definitions/A"},"b":{"$ref":"//other.example"},"c":{"$ref":"#/definitions/A"},"d":{"$ref":"#"}}}}}
            """));
        Assert.Equal("""{"get":{"a":{},"b":{},"c":{"$ref":"#/definitions/a.A"},"d":{},"tags":["a"]}}""", document["paths"]!["/model/a/x"]!.ToJsonString());
    }

    private static JsonObject Combine(params CatalogEntry[] entries) =>
        CatalogDocument.Combine(entries, "http", (entry, why) => Assert.Fail($"{entry.RouteId} is left out: {why}"));

    private static CatalogEntry Entry(string route, string prefix, string swagger) => new(route, prefix, "wine", "1.0", JsonNode.Parse(swagger)!.AsObject());

    private static void AssertReferencesHold(JsonNode? node, JsonObject document)
    {
        if (node is JsonArray items)
        {
            foreach (var item in items)
                AssertReferencesHold(item, document);
        }
        foreach (var (name, value) in node as JsonObject ?? [])
        {
            if (name == "$ref" && (string?)value is { } reference && reference.StartsWith('#'))
            {
                var parts = reference.Split('/');
                Assert.NotNull(document[parts[1]]![parts[2]]);
            }
            AssertReferencesHold(value, document);
        }
    }
}
