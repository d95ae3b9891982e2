using Odin.Runs;

namespace Odin.Tests.Runs;

/// <summary>The vectors of the inherited system.</summary>
public sealed class TaskHashTests
{
    [Theory]
    [InlineData("echo", "a|b c", "00dd9e61190956d5965e8ec04c5816d410fab4ed")]
    [InlineData("sh|-c", "x", "bb1456740a9d12da96bb13dc3860a416767103ee")]
    public void Arguments_Vectors(string command, string args, string expected) =>
        Assert.Equal(expected, TaskHash.Arguments(command.Split('|'), args.Split('|')));

    [Fact]
    public async Task Files_AndOutputs_Vectors()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["d/sub"]);
        await File.WriteAllTextAsync(directory["a.txt"], "alpha\n");
        await File.WriteAllTextAsync(directory["d/b.txt"], "beta\n");
        await File.WriteAllTextAsync(directory["d/sub/c.txt"], "gamma\n");
        Task<string> Hash(params string[] names) => TaskHash.FilesAsync(names.Select(n => directory[n]), CancellationToken.None);

        Assert.Equal("d046cd9b7ffb7661e449683313d41f6fc33e3130", await Hash("a.txt"));
        Assert.Equal("273580c0a17d6cca03183077de2056fe8cd18e70", await Hash("d"));
        Assert.Equal("6cb493e15e2b527941e27b5a45c1d001a2ab31d7", await Hash("d", "a.txt"));
        Assert.Equal("da39a3ee5e6b4b0d3255bfef95601890afd80709", await Hash("missing"));
        Assert.Equal("20befd6e78dbd4e6f51af4c2bea7819bf645ca59", TaskHash.Outputs(new Dictionary<string, string>
        {
            ["z"] = await Hash("a.txt"),
            ["a"] = await Hash("d"),
        }));
    }
}
