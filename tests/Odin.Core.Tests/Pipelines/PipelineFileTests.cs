using System.Text;
using Odin.Pipelines;

namespace Odin.Tests.Pipelines;

public sealed class PipelineFileTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_DirectoryOrFile_GivesTheText()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["main.yml"], "name: é", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), Cancellation);

        Assert.Equal("name: é", (await PipelineFile.ReadAsync(directory.Path, null, Cancellation)).Text);
        Assert.Equal("name: é", (await PipelineFile.ReadAsync(directory["main.yml"], null, Cancellation)).Text);
    }

    [Fact]
    public async Task ReadAsync_MissingFile_SaysSo()
    {
        using var directory = new TemporaryDirectory();

        var problem = (await PipelineFile.ReadAsync(directory.Path, null, Cancellation)).Problem;

        Assert.Equal(DiagnosticCodes.MissingFile, problem?.Code);
        Assert.Contains("no main.yml", problem?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_HundredMegabytes_IsRefused()
    {
        using var directory = new TemporaryDirectory();
        await using (var file = File.Create(directory["main.yml"]))
            file.SetLength(100 * 1024 * 1024);

        Assert.Equal(DiagnosticCodes.FileTooLarge, (await PipelineFile.ReadAsync(directory.Path, null, Cancellation)).Problem?.Code);
    }

    [Fact]
    public async Task ReadAsync_DeviceOrPipe_IsNotOpened()
    {
        using var directory = new TemporaryDirectory();
        SpecialFile.MakePipe(directory["main.yml"]);

        Assert.Equal(DiagnosticCodes.UnreadableFile, (await PipelineFile.ReadAsync(directory.Path, null, Cancellation)).Problem?.Code);
        Assert.Equal(DiagnosticCodes.UnreadableFile, (await PipelineFile.ReadAsync("/dev/zero", null, Cancellation)).Problem?.Code);
    }

    [Fact]
    public async Task ReadAsync_NotUtf8_SaysSo()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllBytesAsync(directory["main.yml"], [0x6e, 0xff, 0xfe], Cancellation);

        Assert.Equal(DiagnosticCodes.UnreadableFile, (await PipelineFile.ReadAsync(directory.Path, null, Cancellation)).Problem?.Code);
    }
}
