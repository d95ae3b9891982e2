using System.Text.Json.Nodes;
using Odin.Chores;
using Odin.Pipelines;

namespace Odin.Tests.Chores;

public sealed class ChoreRunnerTests
{
    private readonly List<string> reports = [];

    [Fact]
    public async Task Run_ChainOfReferences_PassesResultsOn()
    {
        var outcome = await RunAsync("""
            chores:
              - {name: bye, type: say, greeting: Goodbye, whom: ^user.0, after: ^hi}
              - {name: hi, type: say, greeting: Hello, whom: ^user.0}
              - {name: user, type: list, values: sam}
            """);
        Assert.Null(outcome.Error);
        AssertJson("""{"user": {"0": "sam"}, "hi": "Hello, sam", "bye": "Goodbye, sam"}""", outcome.Results);
    }

    [Fact]
    public async Task Run_ExternalResult_ReachesTheChore()
    {
        var external = new JsonObject { ["something"] = new JsonObject { ["username"] = "kim" } };
        var outcome = await RunAsync("chores: [{name: hi, type: say, greeting: Hello, whom: ^something.username}]", external);
        AssertJson("""{"hi": "Hello, kim"}""", outcome.Results);
    }

    [Fact]
    public async Task Run_ListResult_BecomesMap()
    {
        var outcome = await RunAsync("""
            chores:
              - {name: people, type: list, values: [sam, kim]}
              - {name: hi, type: say, greeting: Hello, whom: ^people.1}
            """);
        AssertJson("""{"people": {"0": "sam", "1": "kim"}, "hi": "Hello, kim"}""", outcome.Results);
    }

    [Fact]
    public async Task Run_SkippedChore_SkipsAllItsDescendants()
    {
        var outcome = await RunAsync("""
            chores:
              - {name: a, type: skip}
              - {name: b, type: say, greeting: b, whom: x, depends: a}
              - {name: c, type: say, greeting: c, whom: ^b}
              - {name: d, type: say, greeting: d, whom: x}
            """);
        Assert.Null(outcome.Error);
        AssertJson("""{"a": null, "b": null, "c": null, "d": "d, x"}""", outcome.Results);
        Assert.Equal(["a: skipped: nothing to do", "b: skipped, because 'a' was", "c: skipped, because 'b' was", "d: done"], reports);
    }

    [Fact]
    public async Task Run_FailedChore_StopsAndKeepsWhatWasDone()
    {
        var outcome = await RunAsync("""
            chores:
              - {name: a, type: say, greeting: Hi, whom: x}
              - {name: b, type: copy, src: /does/not/exist, dst: /tmp/never}
              - {name: c, type: say, greeting: Hi, whom: x}
            """);
        Assert.Equal("The chore 'b' (copy) failed: There is nothing to copy at '/does/not/exist'.", outcome.Error);
        AssertJson("""{"a": "Hi, x"}""", outcome.Results);
    }

    [Fact]
    public async Task Run_ReferenceToNothing_FailsWhereItIsNeeded()
    {
        var outcome = await RunAsync(
            "chores: [{name: a, type: copy, src: ^train.outputs.model, dst: /tmp/never}]", new JsonObject { ["train"] = new JsonObject() });
        Assert.Equal("The chore 'a' (copy) failed: The argument 'src' has no value; give it, or correct the reference that it comes from.", outcome.Error);
    }

    [Theory]
    [InlineData("tasks: []", "chores.yml:1:1: error: There is no key \"chores\"; write \"chores:\" with a list of chores below it. [MissingKey]")]
    [InlineData("chores: 5", "chores.yml:1:9: error: \"chores\" must be a list, but it is the number 5. [WrongType]")]
    [InlineData("chores: [{type: say}]", "chores.yml:1:10: error: A chore needs a \"name\" with a text. [MissingKey]")]
    [InlineData("chores: [{name: a.b, type: skip}]", "chores.yml:1:10: error: The name \"a.b\" must not hold a dot: dots separate the parts of a reference. [InvalidName]")]
    [InlineData("chores: [{name: a, type: skp}]", "chores.yml:1:26: error: There is no chore of type \"skp\" (did you mean \"skip\"?); there are copy, list, say, skip. [InvalidValue]")]
    [InlineData("chores: [{name: a, type: copy, scr: x}]", "chores.yml:1:32: error: A chore of type \"copy\" has no argument \"scr\" (did you mean \"src\"?); it takes src, dst, clobber, name, type, depends. [UnknownKey]")]
    [InlineData("chores: [{name: a, type: skip, depends: [prepare]}]", "chores.yml:1:42: error: The chore \"a\" depends on \"prepare\", but there is no chore of that name. [UnknownDependency]")]
    [InlineData("chores: [{name: a, type: say, whom: ^trian.x}]", "chores.yml:1:37: error: The chore \"a\" depends on \"trian\", but there is no chore and no executed task of that name (did you mean \"train\"?). [UnknownDependency]")]
    [InlineData("chores: [{name: a, type: skip}, {name: a, type: skip}]", "chores.yml:1:33: error: There are two chores called \"a\"; give each its own name. [DuplicateTask]")]
    [InlineData("chores: [{name: x, type: skip, depends: a}, {name: a, type: skip, depends: b}, {name: b, type: skip, depends: a}]", "chores.yml:1:45: error: Chores wait for each other in a circle: a -> b -> a; remove one of these dependencies. [DependencyCycle]")]
    public void Parse_Mistake_IsNamedWithItsPlace(string yaml, string expected)
    {
        var result = new ChoreFileParser(Chores).Parse(yaml, "chores.yml", ["train"]);
        Assert.Null(result.File);
        Assert.Equal([expected], result.Diagnostics.Select(d => d.ToString()));
    }

    [Fact]
    public void Parse_AliasBomb_IsRefused()
    {
        var lines = Enumerable.Range(1, 30).Select(i => $"a{i}: &a{i} [{(i == 1 ? "x, x" : $"*a{i - 1}, *a{i - 1}")}]");
        var result = new ChoreFileParser(Chores).Parse(string.Join('\n', lines) + "\nchores: *a30\n", "chores.yml", []);
        Assert.Contains(result.Diagnostics, d => d.Code == DiagnosticCodes.TooManyValues);
    }

    private static IReadOnlyList<IChore> Chores { get; } = [new SayChore(), new ListChore(), new SkipChore(), new CopyChore()];

    private async Task<ChoreOutcome> RunAsync(string yaml, JsonObject? external = null)
    {
        external ??= [];
        var parsed = new ChoreFileParser(Chores).Parse(yaml, "chores.yml", [.. external.Select(entry => entry.Key)]);
        Assert.Empty(parsed.Diagnostics);
        return await new ChoreRunner(Chores, reports.Add).RunAsync(parsed.File!, external, TestContext.Current.CancellationToken);
    }

    private static void AssertJson(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual.ToJsonString());

    private sealed class SayChore : IChore
    {
        public string Type => "say";

        public IReadOnlyList<ChoreParameter> Parameters { get; } = [new("greeting", ""), new("whom", ""), new("after", "")];

        public Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken) =>
            Task.FromResult<ChoreResult>(new ChoreResult.Done($"{arguments.Text("greeting")}, {arguments.FindText("whom")}"));
    }

    private sealed class ListChore : IChore
    {
        public string Type => "list";

        public IReadOnlyList<ChoreParameter> Parameters { get; } = [new("values", "")];

        public Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken) =>
            Task.FromResult<ChoreResult>(new ChoreResult.Done(new JsonArray([.. arguments.Texts("values").Select(text => JsonValue.Create(text))])));
    }

    private sealed class SkipChore : IChore
    {
        public string Type => "skip";

        public IReadOnlyList<ChoreParameter> Parameters { get; } = [];

        public Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken) =>
            Task.FromResult<ChoreResult>(new ChoreResult.Skipped("nothing to do"));
    }
}
