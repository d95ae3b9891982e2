using System.Text.Json.Nodes;
using Odin.Pipelines;

namespace Odin.Tests.Pipelines;

public sealed class ReferencesTests
{
    private static readonly Dictionary<string, string> Values = new()
    {
        ["a.b"] = "first-value",
        ["c"] = "c-value",
        ["d.r"] = "dr-vals",
        ["ec"] = "c",
        ["a.b.c"] = "a-b-c-value",
        ["z"] = ".x",
        ["y.x"] = "b.c",
        ["q"] = "a",
        ["a.{example}"] = "a-with-example",
        ["number"] = "5",
    };

    [Theory]
    [InlineData("^a.b", "first-value")]
    [InlineData("missing", "missing")]
    [InlineData("text-{^c}-text", "text-c-value-text")]
    [InlineData("text-{^d.r}-more-{^a.b}", "text-dr-vals-more-first-value")]
    [InlineData("text-{example}-more", "text-{example}-more")]
    [InlineData("{^c}-ex", "c-value-ex")]
    [InlineData("ex-{^a.b}", "ex-first-value")]
    [InlineData("{^d.r}", "dr-vals")]
    [InlineData("text-{^a.b.{^ec}}-example", "text-a-b-c-value-example")]
    [InlineData("example={^a.{^y{^z}}}", "example=a-b-c-value")]
    [InlineData("example={^{^q}.b.{^ec}}", "example=a-b-c-value")]
    [InlineData("example={^a.{example}}", "example=a-with-example")]
    [InlineData("example-}-more", "example-}-more")]
    [InlineData("example={-more", "example={-more")]
    [InlineData("example={-{^c}", "example={-{^c}")]
    [InlineData("{\"model\": \"{^c}\", \"n\": {\"m\": 1}}", "{\"model\": \"c-value\", \"n\": {\"m\": 1}}")]
    [InlineData("^^start.*", "^start.*")]
    [InlineData("a ^ b", "a ^ b")]
    public void Resolve_Table_GivesTheText(string text, string expected)
    {
        var result = References.Resolve(text, path => Values.TryGetValue(path, out var value) ? JsonValue.Create(value) : null);

        Assert.Null(result.Error);
        Assert.Equal(expected, result.Value!.GetValue<string>());
    }

    [Theory]
    [InlineData("^r.number", "5")]
    [InlineData("^r.list", "[1,\"b\"]")]
    [InlineData("x{^r.number}", "\"x5\"")]
    [InlineData("x{^r.flag}", "\"xtrue\"")]
    [InlineData("x{^r.list}", "\"x[1,\\u0022b\\u0022]\"")]
    public void Resolve_OtherTypes_StayWholeAndBecomeTextInside(string text, string json)
    {
        var record = JsonNode.Parse("""{"number": 5, "flag": true, "list": [1, "b"], "nothing": null}""")!;

        var result = References.Resolve(text, path => record[path["r.".Length..]]);

        Assert.Null(result.Error);
        Assert.Equal(json, result.Value!.ToJsonString());
    }

    [Fact]
    public void Resolve_MissingValue_IsNullAsAWholeAndAnErrorInside()
    {
        var whole = References.Resolve("^a.nope", _ => null);
        Assert.Null(whole.Value);
        Assert.Null(whole.Error);

        var embedded = References.Resolve("x-{^a.nope}", _ => null);
        Assert.Null(embedded.Value);
        Assert.Contains("\"{^a.nope}\" has no value", embedded.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("^a.b", "a")]
    [InlineData("^a", "a")]
    [InlineData("plain", "")]
    [InlineData("^^a", "")]
    [InlineData("x {^a.b} {^c} {^a}", "a c")]
    [InlineData("{^a.{^b.c}}", "a b")]
    [InlineData("{^{^b.c}.d}", "b")]
    [InlineData("{\"k\": \"{^a.b}\"}", "a")]
    [InlineData("{^a", "")]
    [InlineData("^.x", " ")]
    public void Find_Text_NamesTheTasks(string text, string expected) =>
        Assert.Equal(expected.Trim().Length == 0 && expected.Length > 0 ? [""] : expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), References.Find(text));

    [Fact]
    public void Resolve_ManyBraces_EndsSoon()
    {
        var text = new string('{', 50_000) + "^a" + new string('}', 50_000);

        Assert.Null(References.Resolve(text, _ => null).Error);
        Assert.Empty(References.Find(text));
    }
}
