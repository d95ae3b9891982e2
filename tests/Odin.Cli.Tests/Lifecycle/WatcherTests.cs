using System.Text;

namespace Odin.Cli.Tests.Lifecycle;

/// <summary>Who looks on while a training runs, and what becomes of that when one of the two goes away.</summary>
public sealed class WatcherTests : IAsyncDisposable
{
    private const string GoesOn = "The training goes on: `odin training logs t --follow` shows it";
    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Fact]
    public async Task Interrupted_SaysThatTheTrainingGoesOn()
    {
        var shown = new TaskCompletionSource();
        var over = new TaskCompletionSource();
        server.On("GET /api/v1/model/training/t", """{"id":"t","spec":{},"status":{"state":"running"}}""")
            .OnStream("GET /api/v1/model/training/t/log", async context =>
            {
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes("step 1\n"));
                await context.Response.OutputStream.FlushAsync();
                shown.SetResult();
                await over.Task;
                context.Response.Abort();
            });
        using var interrupt = new CancellationTokenSource();
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var run = OdinProgram.RunAsync(["training", "logs", "t", "--follow", "--url", server.Url], cli.Environment(output, error), null, handleSignals: false, interrupt.Token);
        await shown.Task;
        await interrupt.CancelAsync();
        Assert.Equal(ExitCode.Interrupted, await run);
        over.SetResult();
        Assert.Equal($"{GoesOn}, `odin training delete t` ends it.\n", error.ToString());
    }

    [Fact]
    public async Task ServerGone_SaysThatTheTrainingGoesOn()
    {
        var looks = 0;
        var url = server.Url;
        server.On("POST /api/v1/model/training", """{"id":"t"}""", 201)
            .On("GET /api/v1/model/training/t", _ => ++looks == 1
                ? new ReplayAnswer(200, """{"id":"t","spec":{},"status":{"state":"running"}}""")
                : new ReplayAnswer(503, """{"message":"the server stops"}"""))
            .OnStream("GET /api/v1/model/training/t/log", async context =>
            {
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes("step 1\n"));
                context.Response.Close();
            });
        var file = cli.File("t.yaml", "kind: ModelTraining\nid: t\nspec: {}\n");
        var result = await cli.RunAsync("training", "create", "-f", file, "--url", url);
        Assert.Equal(ExitCode.Unavailable, result.ExitCode);
        Assert.Equal("The training 't' was created.\nstep 1\n", result.Out);
        Assert.Equal($"error: the server stops\n{GoesOn} when the server answers again. Try again in a moment.\n", result.Error);
    }

    private static ReplayAnswer Is(string state) => new(200, $$$"""{"id":"t","spec":{},"status":{"state":"{{{state}}}"}}""");

    [Fact]
    public async Task ConnectionBreaks_NothingIsPrintedTwice()
    {
        var (looks, reads) = (0, 0);
        server.On("GET /api/v1/model/training/t", _ => Is(++looks < 3 ? "running" : "succeeded"))
            .OnStream("GET /api/v1/model/training/t/log", async context =>
            {
                var isFirst = ++reads == 1;
                context.Response.SendChunked = true;
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(isFirst ? "step 1\n" : "step 1\nstep 2\n"));
                await context.Response.OutputStream.FlushAsync();
                if (isFirst)
                    context.Response.Abort();
                else
                    context.Response.Close();
            });
        var result = await cli.RunAsync("training", "logs", "t", "--follow", "--url", server.Url);
        Assert.Equal((0, "step 1\nstep 2\n"), (result.ExitCode, result.Out));
    }
}
