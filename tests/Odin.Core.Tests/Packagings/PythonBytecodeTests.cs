using Odin.Images;
using Odin.Packagings;

namespace Odin.Tests.Packagings;

/// <summary>What Python has compiled, in images: with a real Python, from its file to its import out of an unpacked layer.</summary>
public sealed class PythonBytecodeTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Find_Compiled_IsUsedByPythonInTheImage()
    {
        var (source, version) = await CompileAsync();
        var entry = PythonBytecode.Find(source, version);
        Assert.NotNull(entry);
        using var written = await new LayerWriter(directory["work"], null).WriteAsync(new ImageLayer("python", [LayerEntry.File(source, source), entry]), CancellationToken.None);
        Directory.CreateDirectory(directory["root"]);
        var archive = directory["layer.tar.gz"];
        await using (var file = File.Create(archive))
        await using (var content = await written.OpenAsync(0, TestContext.Current.CancellationToken))
            await content.CopyToAsync(file, TestContext.Current.CancellationToken);
        await TestProgram.RunAsync("tar", ["-xzf", archive, "-C", directory["root"]]);
        // What a module was loaded from Python says itself.
        var unpacked = $"{directory["root"]}{Path.GetDirectoryName(source)}";
        var said = await TestProgram.RunAsync("/bin/sh", ["-c", $"cd '{unpacked}' && PYTHONDONTWRITEBYTECODE=1 python3 -v -c 'import m' 2>&1"]);
        Assert.Contains("__pycache__/m.cpython-", said, StringComparison.Ordinal);
        Assert.Contains("matches", said.Split('\n').First(line => line.Contains("m.cpython-", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_OfAnotherSource_IsLeftOut()
    {
        var (source, version) = await CompileAsync();
        await File.AppendAllTextAsync(source, "y = 2\n", TestContext.Current.CancellationToken);
        Assert.Null(PythonBytecode.Find(source, version));
        Assert.Null(PythonBytecode.Find(source, "2.7.18"));
        Assert.Null(PythonBytecode.Find(directory["none.py"], version));
    }

    [Fact]
    public async Task Find_ThatIsNoBytecode_IsLeftOut()
    {
        var (source, version) = await CompileAsync();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Path.GetDirectoryName(source)!, "__pycache__")))
            await File.WriteAllTextAsync(file, "short", TestContext.Current.CancellationToken);
        Assert.Null(PythonBytecode.Find(source, version));
    }

    private async Task<(string Source, string Version)> CompileAsync()
    {
        var source = Path.Combine(Directory.CreateDirectory(directory["lib"]).FullName, "m.py");
        await File.WriteAllTextAsync(source, "x = 1\n", TestContext.Current.CancellationToken);
        await TestProgram.RunAsync("python3", ["-m", "py_compile", source]);
        return (source, await TestProgram.RunAsync("python3", ["-c", "import platform; print(platform.python_version())"]));
    }
}
