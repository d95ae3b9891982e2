using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Odin.Chores;

namespace Odin.Tests.Chores;

public sealed class MessageChoreTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private readonly List<string> received = [];
    private readonly BuiltInChores chores = new();
    private WebApplication hook = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        hook = builder.Build();
        hook.Urls.Add("http://127.0.0.1:0");
        hook.MapPost("/hook", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            received.Add(await reader.ReadToEndAsync());
        });
        await hook.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await hook.DisposeAsync();
        chores.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task SlackMessage_Template_IsFilledFromTheRecord()
    {
        await RunAsync("slack-message", new JsonObject
        {
            ["webhook"] = hook.Urls.First() + "/hook",
            ["template"] = "Run ${label}: $status, ${outputs.best} for $$5${error_message}",
            ["parent_details"] = new JsonObject { ["label"] = "wine-1j", ["status"] = "DONE", ["error_message"] = null, ["outputs"] = new JsonObject { ["best"] = "knn" } },
        });
        Assert.Equal("""{"text":"Run wine-1j: DONE, knn for $5"}""", Assert.Single(received));
    }

    [Fact]
    public async Task EvaluationReport_CountsMistakesOfEveryEvaluation()
    {
        File.WriteAllText(directory["r--mead-eval-1.tsv"], "hello\tgreet\tgreet\nbye\tleave\tgreet\n\n");
        File.WriteAllText(directory["r--mead-eval-2.tsv"], "greet\tgreet\n");
        var result = await RunAsync("slack-eval-report-intent", new JsonObject
        {
            ["webhook"] = hook.Urls.First() + "/hook",
            ["template"] = "${label}: ${errors} of ${total}\n${results}",
            ["base_dir"] = directory.Path,
            ["parent_details"] = new JsonObject { ["label"] = "r", ["executed"] = new JsonArray("r--train", "r--mead-eval-1", "r--mead-eval-2") },
        });
        Assert.Equal(directory["results.csv"], (string)Assert.IsType<ChoreResult.Done>(result).Value!);
        Assert.Equal("task,total,errors\nr--mead-eval-1,2,1\nr--mead-eval-2,1,0\n", File.ReadAllText(directory["results.csv"]));
        Assert.Equal("r: 1 of 3\nr--mead-eval-1: 1 of 2 wrong\nr--mead-eval-2: 0 of 1 wrong", (string)JsonNode.Parse(Assert.Single(received))!["text"]!);
    }

    [Theory]
    [InlineData("file:///etc/passwd", "The web hook must be an http or https address.")]
    [InlineData("hooks.example/secret", "The web hook must be an http or https address.")]
    public async Task DemoChore_OtherScheme_IsRefused(string address, string message)
    {
        var error = await Assert.ThrowsAsync<ChoreException>(() => RunAsync("demo-chore", new JsonObject { ["webhook"] = address }));
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public async Task DemoChore_Refused_DoesNotNameTheSecretPath()
    {
        var error = await Assert.ThrowsAsync<ChoreException>(() => RunAsync("demo-chore", new JsonObject { ["webhook"] = hook.Urls.First() + "/secret" }));
        Assert.Equal($"The web hook at '{new Uri(hook.Urls.First()).Authority}' answered 404; is it still valid?", error.Message);
    }

    [Fact]
    public void Fill_UnknownName_ListsTheKnownOnes()
    {
        var record = new JsonObject { ["label"] = "a", ["status"] = "b" };
        var error = Assert.Throws<ChoreException>(() => RecordTemplate.Fill("${stauts}", record));
        Assert.Equal("The template asks for \"stauts\", which the record does not have; it has label, status.", error.Message);
        Assert.Throws<ChoreException>(() => RecordTemplate.Fill("5 $ each", record));
    }

    private Task<ChoreResult> RunAsync(string type, JsonObject arguments)
    {
        var chore = chores.All.Single(c => c.Type == type);
        return chore.RunAsync(new ChoreArguments(chore.Parameters, arguments), TestContext.Current.CancellationToken);
    }
}
