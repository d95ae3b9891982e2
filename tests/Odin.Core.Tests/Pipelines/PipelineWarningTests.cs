using Odin.Pipelines;
using static Odin.Tests.Pipelines.PipelineSamples;

namespace Odin.Tests.Pipelines;

/// <summary>What runs all the same, but hardly as it was meant.</summary>
public sealed class PipelineWarningTests
{
    [Theory]
    [InlineData("[python, '${WORK_PATH}/a.py']", "WORK_PATH")]
    [InlineData("[python, $RUN_PATH/a.py]", "RUN_PATH")]
    [InlineData("'${WORK_PATH}/run.sh'", "WORK_PATH")]
    [InlineData("[python, '--rows=${rows}']", "rows")]
    [InlineData("[sh, -c, 'echo ${rows}']", "rows")]
    [InlineData("[sh, -c, 'echo $TASK_ID']", "TASK_ID")]
    public void Parse_OurVariableInACommand_IsAWarning(string command, string variable)
    {
        var warning = Assert.Single(Warnings($"parameters: {{rows: 1}}\ntasks:\n- name: a\n  image: x\n  command: {command}\n"));

        Assert.Equal((DiagnosticCodes.NotSubstituted, 5), (warning.Code, warning.Line));
        Assert.Contains($"\"{variable}\"", warning.Message, StringComparison.Ordinal);
        Assert.Contains("\"args\"", warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[sh, -c, 'ls ${WORK_PATH} $RUN_PATH $TASK_PATH $ROOT_PATH']")]
    [InlineData("[/bin/bash, -c, 'echo $OWN $HOME ${1:-x} $$']")]
    [InlineData("[awk, '{print $1}']")]
    [InlineData("[echo, '$$WORK_PATH']")]
    public void Parse_VariableThatAShellFinds_IsNoWarning(string command) =>
        Assert.Empty(Warnings($"tasks:\n- name: a\n  image: x\n  env: {{OWN: a}}\n  command: {command}\n"));

    [Theory]
    [InlineData("out.csv", "^make.outputs.rows", "${TASK_PATH}/out.csv")]
    [InlineData("data/out.csv", "'--rows={^make.outputs.rows}'", "${TASK_PATH}/data/out.csv")]
    [InlineData("[a.csv, b.csv]", "^make.outputs.rows.0", "${TASK_PATH}/a.csv")]
    public void Parse_RelativeOutputForAnotherDirectory_IsAWarning(string output, string argument, string remedy)
    {
        var warning = Assert.Single(Warnings(Producer(output, argument)));

        Assert.Equal((DiagnosticCodes.RelativeOutput, 4), (warning.Code, warning.Line));
        Assert.Contains(remedy, warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'${TASK_PATH}/out.csv'", "^make.outputs.rows", "")]
    [InlineData("/data/out.csv", "^make.outputs.rows", "")]
    [InlineData("out.csv", "'${RUN_PATH}/make/{^make.outputs.rows}'", "")]
    [InlineData("out.csv", "^make.outputs.written", "")]
    [InlineData("out.csv", "^^make.outputs.rows", "")]
    [InlineData("out.csv", "^make.outputs.rows", "working_dir: '${RUN_PATH}'")]
    public void Parse_OutputThatIsFound_IsNoWarning(string output, string argument, string both) =>
        Assert.Empty(Warnings(Producer(output, argument, both)));

    [Theory]
    [InlineData("echo hello", "write [echo, hello].")]
    [InlineData("[echo hello]", "write [echo, hello].")]
    [InlineData("ls | wc -l", "write [sh, -c, \"ls | wc -l\"].")]
    public void Parse_CommandOfOneWordWithBlanks_IsAWarning(string command, string remedy)
    {
        var warning = Assert.Single(Warnings($"tasks:\n- name: a\n  image: x\n  command: {command}\n"));

        Assert.Equal((DiagnosticCodes.OneWord, 4), (warning.Code, warning.Line));
        Assert.EndsWith(remedy, warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_UnknownKey_NamesTheNearestOrAll()
    {
        var near = Error(OneTask + "  imagee: x\n").Message;
        Assert.EndsWith("(did you mean \"image\"?).", near, StringComparison.Ordinal);
        Assert.Contains("known are name, image", Error(OneTask + "  zzzzzzzz: x\n").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tasks:\n- name: a\n\timage: x\n  command: c\n", 3, 1)]
    [InlineData("tasks:\n\t- name: a\n", 2, 1)]
    [InlineData("tasks:\n- name: a\n  image: x\n  command: c\n  env:\n  \tA: b\n", 6, 3)]
    public void Parse_Tab_HasItsPlace(string yaml, int line, int column)
    {
        var error = Error(yaml);

        Assert.Equal((DiagnosticCodes.InvalidYaml, line, column), (error.Code, error.Line, error.Column));
        Assert.Contains("tab", error.Message, StringComparison.Ordinal);
    }

    private static string Producer(string output, string argument, string both = "working_dir: null") => $"""
        tasks:
        - name: use
          image: x
          args: [{argument}]
          command: c
          {both}
        - name: make
          image: x
          command: c
          outputs: {"{"}rows: {output}{"}"}
          {both}
        """;

    private static List<Diagnostic> Warnings(string yaml)
    {
        var result = PipelineParser.Parse(yaml);
        Assert.True(result.Pipeline is not null, string.Join("\n", result.Diagnostics));
        return [.. result.Diagnostics];
    }
}
