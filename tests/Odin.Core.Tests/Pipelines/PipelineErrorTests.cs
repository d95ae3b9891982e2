using System.Text;
using Odin.Pipelines;
using static Odin.Tests.Pipelines.PipelineSamples;

namespace Odin.Tests.Pipelines;

public sealed class PipelineErrorTests
{
    [Fact]
    public void Parse_ManyMistakes_ReportsAllWithTheirPlaces()
    {
        var errors = Errors("""
            name: Bad_Name
            on_failure: sotp
            tasks:
            - name: a
              imag: busybox
              command: run
              args: [1, ok, true]
            - name: a
              image: busybox
              resource_type: Podd
              depends: [nobody, a]
              timeout: soon
            - just text
            """);

        Assert.Equal(
            [
                "1:7 InvalidName", "2:13 InvalidValue", "4:3 MissingKey", "5:3 UnknownKey", "7:10 WrongType", "7:17 WrongType",
                "8:3 MissingKey", "8:9 DuplicateTask", "10:18 InvalidValue", "11:13 UnknownDependency", "12:12 InvalidDuration", "13:3 WrongType",
            ],
            errors.Order(new ByPlace()));
    }

    [Theory]
    [InlineData("  comand: x\n", "5:3 UnknownKey", "\"command\"")]
    [InlineData("  args: [1]\n", "5:10 WrongType", "quote it: \"1\"")]
    [InlineData("  args: [on]\n", "5:10 WrongType", "quote it: \"on\"")]
    [InlineData("  working_dir: \"a\\0b\"\n", "5:16 InvalidValue", "NUL")]
    [InlineData("  outputs: {a: [\"a\\0b\"]}\n", "5:17 InvalidValue", "NUL")]
    [InlineData("  args: text\n", "5:9 WrongType", "write [\"text\"]")]
    [InlineData("  args: [[x]]\n", "5:10 WrongType", "a list")]
    [InlineData("  outputs: [a]\n", "5:12 WrongType", "map from a label")]
    [InlineData("  env: [a]\n", "5:8 WrongType", "must be a map")]
    [InlineData("  env: {1A: x}\n", "5:9 InvalidName", "environment variable")]
    [InlineData("  resource_type: svc\n", "5:18 InvalidValue", "A task cannot be a Service: that is something to read logs of")]
    [InlineData("  resource_type: Deployment\n", "5:18 InvalidValue", "Use Pod, Job")]
    [InlineData("  resource_type: Jub\n", "5:18 InvalidValue", "did you mean \"Job\"")]
    [InlineData("  pull_policy: always\n", "5:16 InvalidValue", "did you mean \"Always\"")]
    [InlineData("  num_gpus: -1\n", "5:13 InvalidValue", "from 0")]
    [InlineData("  num_gpus: x\n", "5:13 WrongType", "whole number")]
    [InlineData("  num_workers: 0\n", "5:16 InvalidValue", "from 1")]
    [InlineData("  retries: -1\n", "5:12 InvalidValue", "from 0")]
    [InlineData("  retries: {backoff: 1s}\n", "5:12 MissingKey", "limit")]
    [InlineData("  retries: {limit: 1, backoff: 1h, max_backoff: 1s}\n", "5:49 InvalidValue", "at least")]
    [InlineData("  timeout: 0\n", "5:12 InvalidDuration", "90s")]
    [InlineData("  timeout: 10x\n", "5:12 InvalidDuration", "10x")]
    [InlineData("  cpu: {limits: lots}\n", "5:17 InvalidQuantity", "500m")]
    [InlineData("  memory: {limit: 1Gi}\n", "5:12 UnknownKey", "did you mean \"limits\"")]
    [InlineData("  mounts: [{name: x, path: /x}]\n", "5:19 InvalidValue", "ephem_volumes")]
    [InlineData("  mounts: [{name: x, claim: c}]\n", "5:12 MissingKey", "\"path\"")]
    [InlineData("  secrets: [{name: x}]\n", "5:13 MissingKey", "\"path\"")]
    [InlineData("  secrets: [{name: x, path: /x, mod: 1}]\n", "5:33 UnknownKey", "did you mean \"mode\"")]
    [InlineData("  config_maps: [{name: x, path: /x}]\n", "5:17 MissingKey", "\"sub_path\"")]
    [InlineData("  ephem_volumes: [{name: x, type: hostPath, medium: Memory}]\n", "5:35 InvalidValue", "emptyDir")]
    [InlineData("  depends: b\n", "5:12 UnknownDependency", "no task has this name")]
    [InlineData("  depends: a\n", "5:12 DependencyCycle", "a -> a")]
    [InlineData("  args: [^aa.outputs.x]\n", "5:10 UnknownReference", "did you mean \"a\"")]
    [InlineData("  args: [^.x]\n", "5:10 InvalidReference", "names no task")]
    [InlineData("  args: [x$RUN_PAHT]\n", "5:11 UnknownVariable", "did you mean \"RUN_PATH\"")]
    [InlineData("  args: [\"ab$1\"]\n", "5:13 InvalidPlaceholder", "line 1, col 3")]
    [InlineData("  env: {A: \"${task_id}\"}\n", "5:13 UnknownVariable", "did you mean \"TASK_ID\"")]
    [InlineData("  image: again\n", "5:3 DuplicateKey", "given twice")]
    [InlineData("  working_dir: \"\"\n", "5:16 InvalidValue", "empty text")]
    [InlineData("  security_context: {run_as_user: root}\n", "5:35 WrongType", "whole number")]
    [InlineData("  tolerations: [{operator: Exists, key: a, value: b}]\n", "5:51 InvalidValue", "no meaning")]
    [InlineData("  tolerations: {effect: NoSchedul}\n", "5:25 InvalidValue", "did you mean \"NoSchedule\"")]
    [InlineData("  args: [*nobody]\n", "5:10 UnknownAnchor", "no anchor")]
    [InlineData("  args: [!!python/object:os.system x]\n", "5:10 TypeTag", "not allowed")]
    [InlineData("  args: !mine [x]\n", "5:9 TypeTag", "not allowed")]
    [InlineData("parameters: {TASK_ID: x}\n", "5:14 InvalidParameter", "every task has")]
    [InlineData("parameters: {a-b: x}\n", "5:14 InvalidParameter", "letters")]
    [InlineData("parameters: {n: {type: integr}}\n", "5:24 InvalidParameter", "did you mean \"integer\"")]
    [InlineData("parameters: {n: {type: integer, default: x}}\n", "5:42 InvalidParameter", "type integer")]
    [InlineData("parameters: {n: {choices: [a, b], default: c}}\n", "5:44 InvalidParameter", "choices")]
    [InlineData("parameters: {n: .inf}\n", "5:17 InvalidParameter", "infinity")]
    public void Parse_OneMistake_SaysWhereWhatAndTheRemedy(string lines, string expected, string part)
    {
        var error = Error(OneTask + lines);

        Assert.Equal(expected, $"{error.Line}:{error.Column} {error.Code}");
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", DiagnosticCodes.NoTasks)]
    [InlineData("# nothing\n", DiagnosticCodes.NoTasks)]
    [InlineData("tasks: []\n", DiagnosticCodes.NoTasks)]
    [InlineData("tasks:\n", DiagnosticCodes.MissingKey)]
    [InlineData("name: x\n", DiagnosticCodes.MissingKey)]
    [InlineData("tasks: {a: b}\n", DiagnosticCodes.WrongType)]
    [InlineData("main.yml", DiagnosticCodes.WrongType)]
    [InlineData("name: 5\n" + OneTask, DiagnosticCodes.WrongType)]
    [InlineData("name: a--b\n" + OneTask, DiagnosticCodes.InvalidName)]
    [InlineData("tasks:\n- {name: A, image: i, command: c}\n", DiagnosticCodes.InvalidName)]
    [InlineData("tasks:\n- {name: a.b, image: i, command: c}\n", DiagnosticCodes.InvalidName)]
    [InlineData("tasks:\n- {name: a--b, image: i, command: c}\n", DiagnosticCodes.InvalidName)]
    [InlineData("tasks:\n- {name: a, image: i, command: []}\n", DiagnosticCodes.InvalidValue)]
    [InlineData(OneTask + "# \0 hides: nothing\n", DiagnosticCodes.InvalidYaml)]
    [InlineData("tasks: [\n", DiagnosticCodes.InvalidYaml)]
    [InlineData("tasks:\n\t- a\n", DiagnosticCodes.InvalidYaml)]
    [InlineData("{[a]: b, tasks: [{name: a, image: i, command: c}]}", DiagnosticCodes.WrongType)]
    [InlineData(OneTask + "---\nb: 1\n", DiagnosticCodes.MultipleDocuments)]
    [InlineData("x: &a [*a]\n" + OneTask, DiagnosticCodes.UnknownAnchor)]
    public void Parse_BadFile_HasOneErrorOfTheCode(string yaml, string code) => Assert.Equal(code, Error(yaml).Code);

    [Fact]
    public void Parse_SyntaxError_HasLineAndColumn()
    {
        var error = Error("name: x\ntasks:\n- name: a\n  image: [i\n");

        Assert.Equal((5, 1, DiagnosticCodes.InvalidYaml), (error.Line, error.Column, error.Code));
    }

    [Fact]
    public void Parse_Cycle_IsNamedInFull()
    {
        var error = Error("""
            tasks:
            - {name: z, image: i, command: r}
            - {name: a, image: i, command: r, depends: b}
            - {name: b, image: i, command: r, args: ["{^c.outputs.x}"]}
            - {name: c, image: i, command: r, depends: [z, a]}
            """);

        Assert.Equal((3, 44), (error.Line, error.Column));
        Assert.Contains("a -> b -> c -> a", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(21, "")]
    [InlineData(17, ", retries: 1")]
    [InlineData(16, ", retries: 9")]
    [InlineData(12, ", resource_type: PyTorchJob, num_workers: 1")]
    [InlineData(11, ", resource_type: PyTorchJob, num_workers: 11")]
    [InlineData(12, ", resource_type: MPIJob, num_workers: 2")]
    [InlineData(8, ", resource_type: TFJob, num_workers: 2, retries: 2")]
    public void Parse_LongNames_AreRefusedWithTheLength(int fits, string more)
    {
        var name = new string('n', 30);
        string Pipeline(int length) => $"name: {name}\ntasks:\n- {{name: {new string('t', length)}, image: i, command: c{more}}}";

        Assert.Empty(Errors(Pipeline(fits)));
        var error = Error(Pipeline(fits + 1));
        Assert.Equal(DiagnosticCodes.IdTooLong, error.Code);
        Assert.Contains("64 characters", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.b")]
    [InlineData("3d")]
    public void Parse_DistributedTaskInAPipelineThatIsNoHostName_IsAnError(string name)
    {
        Assert.Empty(Errors($"name: {name}\ntasks:\n- {{name: t, image: i, command: c}}"));
        var error = Error($"name: {name}\ntasks:\n- {{name: t, image: i, command: c, resource_type: PyTorchJob}}");
        Assert.Equal(DiagnosticCodes.InvalidName, error.Code);
        Assert.Contains("rename the pipeline", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_MisspeltTopLevelKey_IsAWarningAndAnchorsAreFree()
    {
        var result = PipelineParser.Parse("on_failures: stop\nclaim_name: &c x\n" + OneTask);

        var warning = Assert.Single(result.Diagnostics);
        Assert.Equal((DiagnosticSeverity.Warning, 1, 1, DiagnosticCodes.UnknownKey), (warning.Severity, warning.Line, warning.Column, warning.Code));
        Assert.NotNull(result.Pipeline);
    }

    [Theory]
    [InlineData("  image: busybox:${TASK_NAME}\n")]
    [InlineData("  image: ^b.outputs.image\n")]
    public void Parse_VariableOrReferenceWhereItIsNotReplaced_IsAWarning(string line)
    {
        var result = PipelineParser.Parse($"tasks:\n- name: a\n  command: run\n{line}- {{name: b, image: i, command: c}}\n");

        Assert.NotNull(result.Pipeline);
        Assert.Equal(DiagnosticCodes.NotSubstituted, Assert.Single(result.Diagnostics).Code);
    }

    [Fact]
    public void Parse_PatternInCommand_IsNoReference() =>
        Assert.Empty(PipelineParser.Parse("tasks:\n- {name: a, image: i, command: [grep, ^foo, '$HOME']}\n").Diagnostics);

    [Fact]
    public void Parse_Executors_AreCheckedWhenKnown()
    {
        var options = new PipelineParserOptions { Executors = ["process", "container"] };

        var error = Assert.Single(PipelineParser.Parse(OneTask + "  executor: proces\n", "main.yml", options).Diagnostics);
        Assert.Contains("did you mean \"process\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AliasBomb_IsRefused()
    {
        var yaml = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 30; i++)
            yaml.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");

        Assert.Equal(DiagnosticCodes.TooManyValues, Error(yaml + OneTask).Code);
    }

    [Fact]
    public void Parse_MergeBomb_IsRefused()
    {
        var yaml = new StringBuilder("m0: &m0 {" + string.Join(", ", Enumerable.Range(0, 1000).Select(i => $"k{i}: {i}")) + "}\n");
        for (var i = 1; i < 500; i++)
            yaml.Append($"m{i}: &m{i} {{<<: *m{i - 1}, own{i}: 1}}\n");

        Assert.Equal(DiagnosticCodes.TooManyValues, Error(yaml + OneTask).Code);
    }

    [Theory]
    [InlineData("[", DiagnosticCodes.TooDeep)]
    [InlineData("{a: ", DiagnosticCodes.TooDeep)]
    [InlineData("- ", DiagnosticCodes.TooDeep)]
    public void Parse_DeepNesting_IsRefused(string open, string code) =>
        Assert.Equal(code, Error("x: " + (open == "- " ? "\n" : "") + string.Concat(Enumerable.Repeat(open, 100_000))).Code);

    [Fact]
    public void Parse_TooLargeOrTooManyTasks_IsRefused()
    {
        Assert.Equal(DiagnosticCodes.FileTooLarge, Error("# " + new string('x', 2_000_000)).Code);
        Assert.Equal(DiagnosticCodes.TooManyTasks, Error("tasks:\n" + string.Concat(Enumerable.Repeat("- {}\n", 100_000))).Code);
        Assert.Equal(DiagnosticCodes.FileTooLarge, Error("tasks:\n" + string.Concat(Enumerable.Range(0, 100_000).Select(i => $"- {{name: t{i}, image: i, command: c}}\n"))).Code);
    }

    [Fact]
    public void Parse_ThousandsOfMistakes_AreReportedUpToABound()
    {
        var result = PipelineParser.Parse("tasks:\n" + string.Concat(Enumerable.Range(0, 15_000).Select(i => $"- {{name: t{i}, image: i, command: c, depends: [u{i}]}}\n")));

        Assert.Null(result.Pipeline);
        Assert.Equal(1001, result.Diagnostics.Count);
        Assert.Equal(DiagnosticCodes.TooManyErrors, result.Diagnostics[^1].Code);
    }

    [Fact]
    public void Parse_MistakeBehindAnAlias_IsReportedOnce() =>
        Assert.Equal(["1:21 UnknownKey"], Errors("m: &m {image: i,    imag: j, command: c}\ntasks:\n- {<<: *m, name: a}\n- {<<: *m, name: b}\n"));

    [Fact]
    public void Diagnostic_Text_HasThePlace()
    {
        Assert.Equal("main.yml:5:3: error: m [C]", new Diagnostic(DiagnosticSeverity.Error, "main.yml", 5, 3, "C", "m").ToString());
        Assert.Equal("main.yml: warning: m [C]", new Diagnostic(DiagnosticSeverity.Warning, "main.yml", 0, 0, "C", "m").ToString());
    }

    private sealed class ByPlace : IComparer<string>
    {
        public int Compare(string? x, string? y) => Place(x!).CompareTo(Place(y!));

        private static (int, int, string) Place(string text)
        {
            var parts = text.Split(':', ' ');
            return (int.Parse(parts[0]), int.Parse(parts[1]), parts[2]);
        }
    }
}
