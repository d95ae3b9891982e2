using System.Text;
using Odin.Pipelines;

namespace Odin.Tests.Pipelines;

/// <summary>Damaged files give diagnostics, never an exception; and a pipeline that comes out is sound.</summary>
public sealed class PipelineFuzzTests
{
    private static readonly string[] Pieces =
    [
        "&a ", "*a", "<<: ", "!!str ", "!x ", "{", "}", "[", "]", "- ", ": ", "? ", "|\n", ">-\n", "'", "\"", "\n", "\t", "  ", "#", "---\n", "...\n", "%YAML 1.1\n", ",",
        "null", "yes", "0x", "1:30", ".inf", "${", "$$", "^", "{^b.", "\\u12", "\0", "\uFEFF", "\u2028", "é", "name", "tasks", "depends", "~",
    ];

    private static readonly string[] Seeds = ["sst2", "bert-ner", "imagenet-elastic"];

    public static TheoryData<int> Batches => [.. Enumerable.Range(0, 12)];

    [Theory]
    [MemberData(nameof(Batches))]
    public void Parse_MutatedFile_NeverThrows(int batch)
    {
        var random = new Random(batch);
        for (var i = 0; i < 250; i++)
        {
            var yaml = Mutate(PipelineSamples.Read(Seeds[random.Next(Seeds.Length)]), random);
            try
            {
                var result = PipelineParser.Parse(yaml);
                Assert.True(result.Pipeline is not null || result.Diagnostics.Count > 0);
                if (result.Pipeline is not null)
                    Assert.False(TaskGraph.Create(result.Pipeline.Tasks).HasCycle);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{e}\nfor:\n{Convert.ToBase64String(Encoding.UTF8.GetBytes(yaml))}\n{yaml}");
            }
        }
    }

    private static string Mutate(string text, Random random)
    {
        var result = new StringBuilder(text);
        for (var change = random.Next(1, 8); change > 0; change--)
        {
            var at = random.Next(result.Length + 1);
            switch (random.Next(4))
            {
                case 0:
                    result.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 1:
                    result.Remove(at, Math.Min(random.Next(1, 6), result.Length - at));
                    break;
                case 2 when at < result.Length:
                    result[at] = (char)random.Next(1, 128);
                    break;
                default:
                    var length = Math.Min(random.Next(40), result.Length - at);
                    result.Insert(random.Next(result.Length + 1), result.ToString(at, length));
                    break;
            }
        }
        return result.ToString();
    }
}
