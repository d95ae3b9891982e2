using Odin.Pipelines;

namespace Odin.Tests.Pipelines;

public sealed class VariableSubstitutionTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("$A", "1")]
    [InlineData("${A}", "1")]
    [InlineData("x$A/$A_2.y", "x1/2.y")]
    [InlineData("$$A", "$A")]
    [InlineData("$$$A", "$1")]
    [InlineData("${A}b${A}", "1b1")]
    [InlineData("print('hello ${A}')", "print('hello 1')")]
    [InlineData("$A-b", "1-b")]
    [InlineData("$Aé", "1é")]
    public void Substitute_Known_IsReplaced(string text, string expected) =>
        Assert.Equal(expected, VariableSubstitution.Substitute(text, name => name switch { "A" => "1", "A_2" => "2", _ => null }).Text);

    [Theory]
    [InlineData("$", 1, 1)]
    [InlineData("abc$", 1, 4)]
    [InlineData("$1", 1, 1)]
    [InlineData("a\nbc ${A", 2, 4)]
    [InlineData("${}", 1, 1)]
    [InlineData("${A B}", 1, 1)]
    [InlineData("a\n$é", 2, 1)]
    public void Substitute_BadPlaceholder_HasPythonsMessage(string text, int line, int column)
    {
        var result = VariableSubstitution.Substitute(text, _ => "1");

        Assert.False(result.IsSuccess);
        Assert.Equal($"Invalid placeholder in string: line {line}, col {column}", Assert.Single(result.Errors).Message);
    }

    [Fact]
    public void Substitute_SeveralMistakes_AreAllReported()
    {
        var result = VariableSubstitution.Substitute("$NOPE $ ${task_id} $A", name => name == "A" ? "1" : null);

        Assert.Null(result.Text);
        Assert.Equal(["NOPE", null, "task_id"], result.Errors.Select(error => error.Variable));
        Assert.Equal([0, 6, 8], result.Errors.Select(error => error.Index));
    }

    [Fact]
    public void Substitute_ValueWithDollar_IsNotReadAgain() =>
        Assert.Equal("$A", VariableSubstitution.Substitute("$A", _ => "$A").Text);

    [Fact]
    public void TaskIdsText_IsAPythonList()
    {
        Assert.Equal("['r--a', 'r--b']", VariableSubstitution.TaskIdsText(["r--a", "r--b"]));
        Assert.Equal("[]", VariableSubstitution.TaskIdsText([]));
    }
}
