using System.Text;
using Odin.Batch;

namespace Odin.Tests.Batch;

public sealed class PredictDocumentTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"id": null, "inputs": null, "parameters": null}""")]
    [InlineData("""{"id": "7", "inputs": [{"name": "a", "shape": [2, 1], "datatype": "FP64", "data": [1, "x", null, [2]], "parameters": {"k": 1}}], "outputs": [{"name": "b", "shape": "whatever"}], "more": 1}""")]
    public void Request_OfTheRightTypes_IsTaken(string text) => Assert.All(Pieces, piece => Assert.Null(Find(PredictDocument.Request(), text, piece)));

    [Theory]
    [InlineData("{", "it is not JSON: line 1, byte 2")]
    [InlineData("", "it is not JSON: line 1, byte 1")]
    [InlineData("[]", "it is no JSON object")]
    [InlineData("""{"id": 7}""", "'id' is no text")]
    [InlineData("""{"inputs": {}}""", "'inputs' is no list")]
    [InlineData("""{"inputs": [{}, 1]}""", "'inputs[1]' is no object")]
    [InlineData("""{"inputs": [{"name": 1}]}""", "'inputs[0].name' is no text")]
    [InlineData("""{"inputs": [{"shape": [1.5]}]}""", "'inputs[0].shape' is no list of whole numbers")]
    [InlineData("""{"inputs": [{"shape": 1}]}""", "'inputs[0].shape' is no list of whole numbers")]
    [InlineData("""{"inputs": [{"data": {}}]}""", "'inputs[0].data' is no list")]
    [InlineData("""{"inputs": [{"datatype": 1}]}""", "'inputs[0].datatype' is no text")]
    [InlineData("""{"inputs": [{"parameters": []}]}""", "'inputs[0].parameters' is no object")]
    [InlineData("""{"outputs": [{"name": []}]}""", "'outputs[0].name' is no text")]
    [InlineData("""{"parameters": 1}""", "'parameters' is no object")]
    [InlineData("""{"inputs": [{"shape": [[1]]}]}""", "'inputs[0].shape' is no list of whole numbers")]
    [InlineData("""{"inputs": [{"data": [{"shape": "x"}], "parameters": {"name": 1}}, {"name": 1}]}""", "'inputs[1].name' is no text")]
    [InlineData("""{"id": 7, "inputs": [}""", "it is not JSON: line 1, byte 22")]
    [InlineData("{}\n{}", "it is not JSON: line 2, byte 1")]
    public void Request_ThatIsNone_IsSaidWithThePlace(string text, string flaw) => Assert.All(Pieces, piece => Assert.Equal(flaw, Find(PredictDocument.Request(), text, piece)));

    [Theory]
    [InlineData("""{"model_name": "m", "model_version": "1", "outputs": [{"name": "a", "shape": [1], "datatype": "INT64", "data": [1]}]}""", null)]
    [InlineData("""{"model_name": 1}""", "'model_name' is no text")]
    [InlineData("""{"model_version": 1}""", "'model_version' is no text")]
    [InlineData("""{"outputs": [{"data": 1}]}""", "'outputs[0].data' is no list")]
    public void Response_IsLookedAtTheSameWay(string text, string? flaw) => Assert.All(Pieces, piece => Assert.Equal(flaw, Find(PredictDocument.Response(), text, piece)));

    [Theory]
    [InlineData(1 << 20, null)]
    [InlineData(PredictDocument.LongestValue - 100, null)]
    [InlineData(PredictDocument.LongestValue + 1, "it has a text or number of more than 16 MiB")]
    public void Text_LongerThanTheBuffer_IsReadUpToABound(int length, string? flaw) =>
        Assert.Equal(flaw, Find(PredictDocument.Request(), $$"""{"inputs": [{"data": ["{{new string('x', length)}}"]}]}""", int.MaxValue));

    [Fact]
    public void Depth_HasABound()
    {
        Assert.Null(Find(PredictDocument.Request(), $$"""{"more": {{new string('[', 60)}}{{new string(']', 60)}}}""", int.MaxValue));
        Assert.StartsWith("it is not JSON", Find(PredictDocument.Request(), $$"""{"more": {{new string('[', 70)}}{{new string(']', 70)}}}""", int.MaxValue), StringComparison.Ordinal);
    }

    private static readonly int[] Pieces = [1, 7, int.MaxValue];

    // As a file is read, in pieces of at most that many bytes.
    private static string? Find(PredictDocument document, string text, int piece)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        while (rest.Length > 0 && !document.IsBroken)
        {
            var room = document.Room.Span;
            Assert.NotEqual(0, room.Length);
            var count = Math.Min(rest.Length, Math.Min(room.Length, piece));
            rest[..count].CopyTo(room);
            document.Advance(count);
            rest = rest[count..];
        }
        return document.Finish();
    }
}
