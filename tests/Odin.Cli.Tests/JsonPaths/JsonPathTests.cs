using System.Text.Json.Nodes;
using Odin.Cli.JsonPaths;

namespace Odin.Cli.Tests.JsonPaths;

public sealed class JsonPathTests
{
    private const string Document = """
        [
          {"id": "a", "spec": {"type": "git", "n": 1, "tags": ["x", "y", "z"], "a b": 7, "none": null}, "status": {"results": [{"name": "image", "value": "i:1"}]}},
          {"id": "b", "spec": {"type": "s3", "n": 2.5, "tags": [], "vital": true}, "status": {}}
        ]
        """;

    /// <summary>What of this is no filter gives the same in jsonpath-ng, the heir of the older client's library.</summary>
    [Theory]
    [InlineData("$", 1)]
    [InlineData("[*].id", """["a","b"]""")]
    [InlineData("$[*].id", """["a","b"]""")]
    [InlineData("$.[*].id", """["a","b"]""")]
    [InlineData("[*].a.b", "[]")]
    [InlineData("$[0].status.results[0].value", """["i:1"]""")]
    [InlineData("[0].id", """["a"]""")]
    [InlineData("[-1].id", """["b"]""")]
    [InlineData("[2]", "[]")]
    [InlineData("[-3]", "[]")]
    [InlineData("[0,1].id", """["a","b"]""")]
    [InlineData("$[0].spec.tags[0,2]", """["x","z"]""")]
    [InlineData("$[0].spec.tags[1:]", """["y","z"]""")]
    [InlineData("$[0].spec.tags[:1]", """["x"]""")]
    [InlineData("$[0].spec.tags[-2:]", """["y","z"]""")]
    [InlineData("$[0].spec.tags[:-1]", """["x","y"]""")]
    [InlineData("$[0].spec.tags[::2]", """["x","z"]""")]
    [InlineData("$[0].spec.tags[::-1]", """["z","y","x"]""")]
    [InlineData("$[0].spec.tags[2:0:-1]", """["z","y"]""")]
    [InlineData("$[0].spec.tags[5:9]", "[]")]
    [InlineData("$[0].spec.tags[0:2147483647:2147483647]", """["x"]""")]
    [InlineData("$[*].spec.*", 9)]
    [InlineData("$.*", "[]")]
    [InlineData("id", "[]")]
    [InlineData("$[*].spec.type,n", """["git",1,"s3",2.5]""")]
    [InlineData("$[0].spec['type']", """["git"]""")]
    [InlineData("$[0].spec[\"a b\"]", "[7]")]
    [InlineData("$[0].spec.'a b'", "[7]")]
    [InlineData("$[0].spec[type,n]", """["git",1]""")]
    [InlineData("$[0].spec.none", "[null]")]
    [InlineData("$[0].spec.none.x", "[]")]
    [InlineData("$[0].id[0]", "[]")]
    [InlineData("$[0].id[*]", """["a"]""")]
    [InlineData("$..id", """["a","b"]""")]
    [InlineData("..id", """["a","b"]""")]
    [InlineData("$..value", """["i:1"]""")]
    [InlineData("$..tags[*]", """["x","y","z"]""")]
    [InlineData("$..results[0].name", """["image"]""")]
    [InlineData("$..*", 18)]
    [InlineData("$..[0].name", """["image"]""")]
    [InlineData("$[*].(spec.type)", """["git","s3"]""")]
    [InlineData("$[0].id | $[1].spec.type", """["a","s3"]""")]
    [InlineData("($[0].id) | ($[1].id)", """["a","b"]""")]
    [InlineData("$[*].spec where vital", 1)]
    [InlineData("($[*].spec where vital).type", """["s3"]""")]
    public void Find_LeadsTo(string expression, object expected) => AssertFinds(expression, expected);

    [Theory]
    [InlineData("$[?(@.spec.type == 'git')].id", """["a"]""")]
    [InlineData("$[?(@.spec.type = \"git\")].id", """["a"]""")]
    [InlineData("$[?@.spec.type != 'git'].id", """["b"]""")]
    [InlineData("$[?(@.spec.n > 1)].id", """["b"]""")]
    [InlineData("$[?(@.spec.n >= 1)].id", """["a","b"]""")]
    [InlineData("$[?(@.spec.n < 2.5)].id", """["a"]""")]
    [InlineData("$[?(@.spec.n <= 2.5)].id", """["a","b"]""")]
    [InlineData("$[?(@.spec.n == 1.0)].id", """["a"]""")]
    [InlineData("$[?(@.spec.n > -1)].id", """["a","b"]""")]
    [InlineData("$[?(@.spec.n > 'x')].id", "[]")]
    [InlineData("$[?(@.id < 'b')].id", """["a"]""")]
    [InlineData("$[?(@.spec.vital)].id", """["b"]""")]
    [InlineData("$[?(!@.spec.vital)].id", """["a"]""")]
    [InlineData("$[?(@.spec.vital == true)].id", """["b"]""")]
    [InlineData("$[?(@.spec.none == null)].id", """["a"]""")]
    [InlineData("$[?(@.spec.nothing == null)].id", "[]")]
    [InlineData("$[?(@.spec.nothing != 1)].id", """["a","b"]""")]
    [InlineData("$[?(@.spec.type == 'git' && @.spec.n == 1)].id", """["a"]""")]
    [InlineData("$[?(@.spec.type == 's3' || (@.spec.n == 1 && @.id == 'a'))].id", """["a","b"]""")]
    [InlineData("$[?(@.id =~ '^[b-z]')].id", """["b"]""")]
    [InlineData("$[?(spec.type == 'git')].id", """["a"]""")]
    [InlineData("$[?(@.id == $[1].id)].spec.type", """["s3"]""")]
    [InlineData("$[0].spec[?(@ == 'git')]", """["git"]""")]
    [InlineData("$..results[?(@.name == 'image')].value", """["i:1"]""")]
    public void Find_WithAFilter_LeadsTo(string expression, string expected) => AssertFinds(expression, expected);

    [Theory]
    [InlineData("", 1)]
    [InlineData("$[", 3)]
    [InlineData("$[*", 4)]
    [InlineData("$.", 3)]
    [InlineData("$x", 2)]
    [InlineData("$['a", 3)]
    [InlineData("$[a b]", 5)]
    [InlineData("$[1:2:0]", 8)]
    [InlineData("$[99999999999]", 3)]
    [InlineData("$[?(@.a ==)]", 11)]
    [InlineData("$[?('a')]", 8)]
    [InlineData("$ # x", 3)]
    [InlineData("(a", 3)]
    public void Parse_WhatIsNoPath_SaysWhere(string expression, int position) => Assert.EndsWith(
        $" at position {position}", Assert.Throws<JsonPathException>(() => JsonPath.Parse(expression)).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_BracketsWithoutEnd_AreBounded()
    {
        Assert.Throws<JsonPathException>(() => JsonPath.Parse(new string('(', 100_000)));
        Assert.Throws<JsonPathException>(() => JsonPath.Parse($"$[?{new string('!', 100_000)}@.a]"));
        Assert.Throws<JsonPathException>(() => JsonPath.Parse($"$[?{new string('(', 100_000)}@.a]"));
    }

    private static void AssertFinds(string expression, object expected)
    {
        var found = JsonPath.Parse(expression).Find(JsonNode.Parse(Document));
        if (expected is int count)
            Assert.Equal(count, found.Count);
        else
            Assert.Equal(expected, new JsonArray([.. found.Select(f => f?.DeepClone())]).ToJsonString());
    }
}
