using System.Text.Json.Nodes;
using Odin.Cli.Odahuflowctl.Output;

namespace Odin.Cli.Tests.Odahuflowctl;

/// <summary>Texts as Python's libraries write them.</summary>
public sealed class FormatTests
{
    [Theory]
    [MemberData(nameof(PythonYamlSamples.All), MemberType = typeof(PythonYamlSamples))]
    public void Yaml_IsThatOfPyYaml(string json, string expected) => Assert.Equal(expected, PythonYaml.Write(JsonNode.Parse(json)));

    [Theory]
    [InlineData("""[{"a":1,"b":[true,null,"x"],"c":{}}]""", """[{"a": 1, "b": [true, null, "x"], "c": {}}]""")]
    [InlineData("""["é\u007f\"\\\n\t\u0001/<&'"]""", """["\u00e9\u007f\"\\\n\t\u0001/<&'"]""")]
    [InlineData("[]", "[]")]
    [InlineData("1.50", "1.50")]
    public void Json_IsThatOfPython(string json, string expected) => Assert.Equal(expected, PythonJson.Write(JsonNode.Parse(json)));

    [Fact]
    public void Json_Indented() =>
        Assert.Equal("[\n  \"a\",\n  {\n    \"b\": []\n  }\n]", PythonJson.Write(JsonNode.Parse("""["a",{"b":[]}]"""), indent: 2));

    [Theory]
    [InlineData("""{"b":true,"a":[null,1.5,"it's"]}""", """{'a': [None, 1.5, "it's"], 'b': True}""")]
    [InlineData("""["q\" '\n\\\u0001"]""", """['q" \'\n\\\x01']""")]
    public void Repr_IsThatOfPython(string json, string expected) => Assert.Equal(expected, PythonRepr.Write(JsonNode.Parse(json)));

    /// <summary>The lines are those of Python's <c>pprint.pformat</c>.</summary>
    [Fact]
    public void Repr_Long_IsBrokenIntoLines() => Assert.Equal(
        """
        {'id': 'wine',
         'kind': 'ModelTraining',
         'spec': {'args': ['a-rather-long-argument-one',
                           'a-rather-long-argument-two',
                           'three'],
                  'model': {'name': 'wine', 'version': '1.0'},
                  'toolchain': 'mlflow'},
         'status': {}}
        """,
        PythonRepr.WriteLines(JsonNode.Parse("""{"id":"wine","kind":"ModelTraining","spec":{"model":{"name":"wine","version":"1.0"},"toolchain":"mlflow","args":["a-rather-long-argument-one","a-rather-long-argument-two","three"]},"status":{}}""")));

    [Fact]
    public void Table_HasAColumnForEachValue() => Assert.Equal(
        """
        +----+-----------+------------+
        | id | spec.type | spec.vital |
        +====+===========+============+
        | a  | git       | True       |
        +----+-----------+------------+
        | b  | s3        |            |
        +----+-----------+------------+
        """,
        FlatTable.Write((JsonArray)JsonNode.Parse("""[{"id":"a","spec":{"type":"git","vital":true}},{"id":"b","spec":{"type":"s3","more":1}}]""")!));

    [Fact]
    public void Table_OfAKind_HasItsColumns_WideHasAll()
    {
        var trainings = (JsonArray)JsonNode.Parse("""[{"kind":"ModelTraining","id":"a","spec":{"model":{"name":"m","version":"1"},"toolchain":"mlflow"},"status":{"state":"succeeded","artifacts":[{"artifactName":"a.zip"}]}}]""")!;
        Assert.Equal(
            """
            +----+-----------------+--------------------+----------------+--------------+---------------+---------------------------------+
            | id | spec.model.name | spec.model.version | spec.toolchain | status.state | status.reason | status.artifacts.0.artifactName |
            +====+=================+====================+================+==============+===============+=================================+
            | a  | m               | 1                  | mlflow         | succeeded    |               | a.zip                           |
            +----+-----------------+--------------------+----------------+--------------+---------------+---------------------------------+
            """,
            FlatTable.Write(trainings));
        Assert.StartsWith("+---------------+----+-----------------+--------------------+----------------+--------------+--", FlatTable.WriteWide(trainings), StringComparison.Ordinal);
    }

    [Fact]
    public void Table_LongCells_AreCut()
    {
        var table = FlatTable.Write(new JsonArray(new JsonObject { ["id"] = new string('x', 60) }));
        Assert.Contains($"| {new string('x', 50)}... |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Table_Wide_IsWrappedAt200()
    {
        var row = new JsonObject(Enumerable.Range(0, 10).Select(i => KeyValuePair.Create($"column{i}", (JsonNode?)$"words of cell {i} that go on for long")));
        Assert.All(FlatTable.Write(new JsonArray(row)).Split('\n'), l => Assert.Equal(200, l.Length));
    }

    [Fact]
    public void Table_Empty_SaysSo() => Assert.Equal("Empty!", FlatTable.Write([]));
}
