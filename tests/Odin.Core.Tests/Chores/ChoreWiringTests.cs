using System.Text.Json.Nodes;
using Odin.Chores;

namespace Odin.Tests.Chores;

public sealed class ChoreWiringTests
{
    private static readonly JsonObject Results = Json("""{"user": "sam", "train": {"outputs": {"accuracy": 0.97, "files": ["a", "b"]}}, "nothing": null}""");

    [Fact]
    public void Wire_References_AreReplaced() => AssertWired(
        """{"first": "sam", "second": {"accuracy": 0.97, "files": ["a", "b"]}}""",
        """{"first": "^user", "second": "^train.outputs"}""");

    [Fact]
    public void Wire_MissingResults_BecomeNull() => AssertWired(
        """{"a": null, "b": null, "c": null, "d": null}""",
        """{"a": "^nobody", "b": "^user.name", "c": "^train.outputs.loss", "d": "^nothing"}""");

    [Fact]
    public void Wire_DottedPath_LooksInside() => AssertWired(
        """{"accuracy": 0.97, "file": "b"}""", """{"accuracy": "^train.outputs.accuracy", "file": "^train.outputs.files.1"}""");

    [Fact]
    public void Wire_AbsentParameterWithoutDefault_BecomesNull() => AssertWired(
        """{"a": 1, "b": null}""", """{"a": 1}""", new ChoreParameter("a", ""), new ChoreParameter("b", ""), new ChoreParameter("c", "", true));

    [Fact]
    public void Wire_GivenValueOfDefaultedParameter_IsKept() => AssertWired(
        """{"c": "given"}""", """{"c": "given"}""", new ChoreParameter("c", "", "default"));

    [Fact]
    public void Wire_ListOfReferences_IsReplacedElementByElement() => AssertWired(
        """{"list": ["sam", "plain", null, 0.97, 3]}""", """{"list": ["^user", "plain", "^nobody", "^train.outputs.accuracy", 3]}""");

    [Fact]
    public void Wire_PlainValues_PassThrough() => AssertWired(
        """{"a": "text", "b": 1.5, "c": true, "d": null, "e": {"f": "^user"}, "g": "not a ^user"}""",
        """{"a": "text", "b": 1.5, "c": true, "d": null, "e": {"f": "^user"}, "g": "not a ^user"}""");

    private static void AssertWired(string expected, string arguments, params ChoreParameter[] parameters)
    {
        var wired = ChoreWiring.Wire(Json(arguments), parameters, Results);
        Assert.True(JsonNode.DeepEquals(Json(expected), wired), wired.ToJsonString());
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
