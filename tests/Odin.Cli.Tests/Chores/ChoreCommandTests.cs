using System.Text.Json.Nodes;

namespace Odin.Cli.Tests.Chores;

public sealed class ChoreCommandTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Outputs_CalledTwice_KeepsBoth()
    {
        await SucceedAsync("outputs", "accuracy=0.97", "best=forest");
        await SucceedAsync("outputs", "labels=[1,2]");
        Assert.Equal("accuracy=0.97\nbest=\"forest\"\nlabels=[1,2]\n", await ReadAsync("outputs"));
    }

    [Fact]
    public async Task EarlyExit_AsksForItInTheRecord()
    {
        await SucceedAsync("early-exit");
        Assert.Equal("""{"request_early_exit":true}""", await ReadAsync("record"));
    }

    [Fact]
    public async Task Run_File_KeepsResultsAsChoreContext()
    {
        File.WriteAllText(directory["run"], """{"parent": {"label": "wine-1j"}, "report": {"outputs": {"report": "DIR/report.html"}}}""".Replace("DIR", directory.Path, StringComparison.Ordinal));
        File.WriteAllText(directory["report.html"], "<html>");
        File.WriteAllText(directory["chores.yml"], $$"""
            chores:
              - {name: keep, type: copy, src: ^report.outputs.report, dst: {{directory.Path}}/kept.html}
              - {name: again, type: copy, src: ^keep, dst: {{directory.Path}}/again.html}
            """);
        var output = await SucceedAsync("run", directory["chores.yml"], "--label", "wine-1j--chores", "--cred", "/etc/none", "--modules", "demo");
        var context = JsonNode.Parse(output);
        Assert.Equal(directory["again.html"], (string?)context!["again"]);
        Assert.True(JsonNode.DeepEquals(context, JsonNode.Parse(await ReadAsync("record"))!["chore_context"]));
        Assert.Equal("<html>", await ReadAsync("again.html"));
    }

    [Fact]
    public async Task Run_FileWithMistakes_NamesThemAllAndTheirPlaces()
    {
        File.WriteAllText(directory["chores.yml"], "chores:\n- {name: a, type: cpoy}\n- {name: b, type: copy, form: x}\n");
        var (code, _, error) = await RunAsync("run", directory["chores.yml"]);
        Assert.Equal(ExitCode.InvalidPipeline, code);
        Assert.Contains("chores.yml:2:", error, StringComparison.Ordinal);
        Assert.Contains("chores.yml:3:", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ChoreFails_KeepsWhatWasDoneAndExitsWithOne()
    {
        File.WriteAllText(directory["chores.yml"], "chores:\n- {name: a, type: copy, src: /does/not/exist, dst: /tmp/never}\n");
        var (code, output, error) = await RunAsync("run", directory["chores.yml"]);
        Assert.Equal((ExitCode.Failure, "{}\n"), (code, output));
        Assert.Contains("The chore 'a' (copy) failed: There is nothing to copy at '/does/not/exist'.", error, StringComparison.Ordinal);
        Assert.Equal("""{"chore_context":{}}""", await ReadAsync("record"));
    }

    [Fact]
    public async Task Copy_Paths_AnswersTheCopy()
    {
        File.WriteAllText(directory["a"], "alpha");
        Assert.Equal(directory["b"] + "\n", await SucceedAsync("copy", directory["a"], directory["b"]));
        var (code, _, error) = await RunAsync("copy", "--no-clobber", directory["a"], directory["b"]);
        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains("exists already", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SelectModel_RecordsOfTheRun_AreCompared()
    {
        File.WriteAllText(directory["run"], """{"parent": {}, "a": {"label": "r--a", "outputs": {"loss": 0.5}}, "b": {"label": "r--b", "outputs": {"loss": 0.25}}}""");
        var output = await SucceedAsync("select-model", "--type", "best-of-mead-eval-only", "--models", "a", "r--b", "--metric", "loss", "--label", "r--export");
        Assert.Equal("""{"value":0.25,"selected":"r--b","metric":"loss"}""" + "\n", output);
        Assert.Equal("value=0.25\nselected=\"r--b\"\nmetric=\"loss\"\n", await ReadAsync("outputs"));
    }

    [Fact]
    public async Task SelectModel_ScoresFile_TakesThePlaceOfTheDatabase()
    {
        File.WriteAllText(directory["scores.yml"], "m1: {acc: 50}\nm2: {acc: 90}\n");
        var output = await SucceedAsync("select-model", "--type", "best-of-batch", "--models", "m1", "m2", "--scores", directory["scores.yml"], "--user_cmp", "lt");
        Assert.Equal("""{"value":50,"selected":"m1","metric":"acc"}""" + "\n", output);
    }

    [Fact]
    public async Task Conversions_ThereAndBack_GiveTheSame()
    {
        File.WriteAllText(directory["a.yml"], "a: 1\nb: [yes, 'no']\n");
        Assert.Equal("""{"a":1,"b":[true,"no"]}""" + "\n", await SucceedAsync("yaml2json", directory["a.yml"], "--indent", "0"));
        Assert.StartsWith("{\n    \"a\": 1,", await SucceedAsync("yaml2json", directory["a.yml"], "--indent", "4"), StringComparison.Ordinal);
        await SucceedAsync("yaml2json", directory["a.yml"], "--out", directory["a.json"]);
        Assert.Equal("a: 1\nb:\n  - true\n  - \"no\"\n", await SucceedAsync("json2yaml", directory["a.json"]));
        Assert.Equal("""{"a":1,"b":[true,"no"]}""" + "\n", await SucceedAsync("json2yaml", directory["a.json"], "--default-flow"));
    }

    [Fact]
    public async Task RenderJinja2_Values_FillTheTemplate()
    {
        File.WriteAllText(directory["t"], "depth: {{ model.depth }}\n");
        // As in Jinja2, the last line break of a template is dropped.
        Assert.Equal("depth: 3", await SucceedAsync("render-jinja2", directory["t"], "--x:model.depth", "3"));
    }

    [Fact]
    public async Task Outputs_OutsideATask_SaysWhatIsMissing()
    {
        var (code, _, error) = await RunAsync(new Dictionary<string, string>(), "outputs", "a=1");
        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains("ODIN_OUTPUTS is not set", error, StringComparison.Ordinal);
    }

    private async Task<string> SucceedAsync(params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);
        Assert.True(code == ExitCode.Success, error);
        return output;
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => RunAsync(
        new Dictionary<string, string>
        {
            ["ODIN_OUTPUTS"] = directory["outputs"],
            ["ODIN_RECORD"] = directory["record"],
            ["ODIN_RUN_RECORD"] = directory["run"],
        },
        arguments);

    private static async Task<(int Code, string Output, string Error)> RunAsync(Dictionary<string, string> variables, params string[] arguments)
    {
        var environment = new CliEnvironment { Out = new StringWriter { NewLine = "\n" }, Error = new StringWriter(), Input = new Lazy<TextReader>(TextReader.Null), Variables = variables };
        var code = await OdinProgram.RunAsync(["chore", .. arguments], environment, alias: null, handleSignals: false, TestContext.Current.CancellationToken);
        return (code, environment.Out.ToString()!, environment.Error.ToString()!);
    }

    private Task<string> ReadAsync(string file) => File.ReadAllTextAsync(directory[file], TestContext.Current.CancellationToken);
}
