using Microsoft.Extensions.Logging.Abstractions;
using Odin.Nodes;

namespace Odin.Server.Tests.Nodes;

/// <summary>Reading GPUs: through the simulated library by real native calls, and by a program that stands in for nvidia-smi.</summary>
public sealed class GpuReaderTests : IDisposable
{
    private const string Nowhere = "/nonexistent/nothing";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Read_NewDriver_KnowsEverythingOfTheFirstGpu()
    {
        var gpu = (await ReadAsync(await SimulatedNvml.CompileAsync(directory))).Gpus[0];
        Assert.Equal(
            (0, "0000:17:00.0", "GPU-00000000-0000-4000-8000-000000000000", "1320000000001", "0", "NVIDIA A100-SXM4-80GB", "NVIDIA"),
            (gpu.Index, gpu.BusId, gpu.Uuid, gpu.Serial, gpu.MinorNumber, gpu.Name, gpu.Brand));
        Assert.Equal(("P0", "Default", "Enabled", "Disabled"), (gpu.PerformanceState, gpu.ComputeMode, gpu.CurrentEcc, gpu.PendingEcc));
        Assert.Equal(new GpuMemory(81920, 4096, 76800), gpu.Memory);
        Assert.Equal((87, 41), (gpu.Utilization, gpu.MemoryUtilization));
        Assert.Equal((45, 92, 89), (gpu.Temperature, gpu.ShutdownTemperature, gpu.SlowdownTemperature));
        Assert.Equal(
            new GpuPower { Management = "Supported", State = "P0", Draw = 87.46, Limit = 400, DefaultLimit = 400, MinLimit = 100, MaxLimit = 400 }, gpu.Power);
        Assert.Equal((1593, 1512, 1410), (gpu.MemoryClock, gpu.ApplicationMemoryClock, gpu.MaxSmClock));
        Assert.Equal([new GpuProcess(4242, "/usr/bin/python3", 4783), new GpuProcess(4000001, null, null)], gpu.Processes);
    }

    [Fact]
    public async Task Read_GpuThatSupportsLittle_LeavesTheRestOpen()
    {
        var gpu = (await ReadAsync(await SimulatedNvml.CompileAsync(directory))).Gpus[1];
        Assert.Equal(("NVIDIA GeForce GTX 1080", "GeForce", "1"), (gpu.Name, gpu.Brand, gpu.MinorNumber));
        Assert.Null(gpu.Serial ?? gpu.PerformanceState ?? gpu.ComputeMode ?? gpu.CurrentEcc ?? gpu.PendingEcc);
        Assert.Null(gpu.Utilization ?? gpu.MemoryUtilization ?? gpu.Temperature ?? gpu.SlowdownTemperature ?? gpu.MaxSmClock);
        Assert.Equal(new GpuPower(), gpu.Power);
        Assert.Empty(gpu.Processes!);
    }

    [Fact]
    public async Task Read_GpusThatAreLost_LeaveTheOthersAlone()
    {
        var report = await ReadAsync(await SimulatedNvml.CompileAsync(directory));
        Assert.Equal(GpuSource.Nvml, report.Source);
        Assert.Equal([0, 1, 4], report.Gpus.Select(g => g.Index));
        Assert.Equal(
            [
                "GPU 2 (GPU-00000000-0000-4000-8000-000000000002) was lost while it was read",
                "GPU 3 cannot be read: GPU is lost (15)",
                "GPU 4: nvmlDeviceGetPowerUsage: Unknown Error (999)",
            ],
            report.Problems);
        var last = report.Gpus[2];
        Assert.Null(last.Processes);
        Assert.Null(last.Power.Draw);
        Assert.Null(last.PerformanceState);
        Assert.Equal("Exclusive_Process", last.ComputeMode);
    }

    [Fact]
    public async Task Read_OldDriver_UsesTheFirstVersions()
    {
        var gpu = (await ReadAsync(await SimulatedNvml.CompileAsync(directory, "OLD_DRIVER"))).Gpus[0];
        Assert.Equal("0000:17:00.0", gpu.BusId);
        // The first version counts what is reserved as used.
        Assert.Equal(new GpuMemory(81920, 5120, 76800), gpu.Memory);
        Assert.Equal([new GpuProcess(4242, null, 4783), new GpuProcess(4000001, null, null)], gpu.Processes);
    }

    [Fact]
    public async Task Read_DriverWhoseEntriesAreLonger_GetsEveryProgramRight()
    {
        var gpu = (await ReadAsync(await SimulatedNvml.CompileAsync(directory, "DRIVER_535"))).Gpus[0];
        Assert.Equal([new GpuProcess(4242, "/usr/bin/python3", 4783), new GpuProcess(4000001, null, null)], gpu.Processes);
    }

    [Fact]
    public async Task Read_ProgramsThatKeepComing_EndsWithoutThem()
    {
        var report = await ReadAsync(await SimulatedNvml.CompileAsync(directory, "BUSY"));
        Assert.Null(report.Gpus[0].Processes);
        Assert.Contains(report.Problems, p => p.StartsWith("GPU 0: nvmlDeviceGetComputeRunningProcesses", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Read_LibraryWithoutDriver_TurnsToTheProgram()
    {
        var library = await SimulatedNvml.CompileAsync(directory, "NO_DRIVER");
        Assert.Equal(GpuSource.NvidiaSmi, (await ReadAsync(library, Smi("550"))).Source);

        var neither = await ReadAsync(library);
        Assert.Empty(neither.Gpus);
        Assert.Contains("Driver Not Loaded (9)", Assert.Single(neither.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_NeitherLibraryNorProgram_IsNoGpusAndNoProblem() =>
        Assert.Equivalent(GpuReport.None, await ReadAsync(Nowhere), strict: true);

    [Fact]
    public async Task Read_LibraryThatIsNone_IsAsIfItWereMissing()
    {
        var file = directory["libnvidia-ml.so.1"];
        await File.WriteAllTextAsync(file, "not a library");
        Assert.Empty((await ReadAsync(file)).Gpus);
    }

    [Fact]
    public async Task Read_NewProgram_AgreesWithTheLibrary()
    {
        var bySmi = await ReadAsync(Nowhere, Smi("550"));
        var byNvml = (await ReadAsync(await SimulatedNvml.CompileAsync(directory))).Gpus[0];
        Assert.Equivalent(byNvml, bySmi.Gpus[0], strict: true);
        Assert.Equal("GPU 1 (00000001:02:00.0) is lost", Assert.Single(bySmi.Problems));

        var last = bySmi.Gpus[1];
        Assert.Equal((2, "00010000:65:00.0"), (last.Index, last.BusId));
        Assert.Null(last.Serial ?? last.CurrentEcc);
        Assert.Null(last.Utilization ?? last.Temperature ?? last.Power.Draw ?? last.ApplicationMemoryClock);
        Assert.Equal(180, last.Power.Limit);
        Assert.Empty(last.Processes!);
    }

    [Fact]
    public async Task Read_OldProgram_HasTheSameUnderOlderNames()
    {
        var gpu = Assert.Single((await ReadAsync(Nowhere, Smi("470"))).Gpus);
        Assert.Equal(
            new GpuPower { Management = "Supported", State = "P8", Draw = 9.31, Limit = 70, DefaultLimit = 70, MinLimit = 60, MaxLimit = 70 }, gpu.Power);
        Assert.Null(gpu.Processes);
        Assert.Null(gpu.Temperature);
    }

    [Theory]
    [InlineData("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18", "ended with 18: Failed to initialize NVML")]
    [InlineData("echo '<html/>'", "cannot be understood")]
    [InlineData("echo '<nvidia_smi_log><gpu>'", "cannot be understood")]
    [InlineData("exec sleep 1000", "has not answered")]
    [InlineData("yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "writes too much")]
    public async Task Read_ProgramThatFails_SaysHow(string body, string expected)
    {
        // The one that hangs is given little time, the others more than they can need.
        var limit = body.Contains("sleep", StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromMinutes(2);
        var report = await ReadAsync(Nowhere, SimulatedNvml.Script(directory, body), limit);
        Assert.Empty(report.Gpus);
        Assert.Contains(expected, Assert.Single(report.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ManyAtOnce_ShareOneReading()
    {
        var count = directory["count"];
        var gate = directory["gate"];
        var smi = SimulatedNvml.Script(
            directory, $"echo x >>'{count}'; while [ ! -e '{gate}' ]; do sleep 0.05; done; cat '{SimulatedNvml.Fixture("nvidia-smi-470.xml")}'");
        using var reader = Reader(Nowhere, smi, TimeSpan.FromMinutes(2));
        var readings = Enumerable.Range(0, 20).Select(_ => reader.ReadAsync(CancellationToken.None)).ToList();
        using var impatient = new CancellationTokenSource();
        var given = reader.ReadAsync(impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.NotNull(reader.Reading);

        await File.WriteAllTextAsync(gate, "");
        Assert.All(await Task.WhenAll(readings), r => Assert.Single(r.Gpus));
        Assert.Single(await File.ReadAllLinesAsync(count));
        Assert.Null(reader.Reading);
        // Nothing is kept: who asks later gets a new one.
        await reader.ReadAsync(CancellationToken.None);
        Assert.Equal(2, (await File.ReadAllLinesAsync(count)).Length);
    }

    private string Smi(string version) => SimulatedNvml.Script(
        directory, $"[ \"$*\" = '-q -x' ] || exit 2; cat '{SimulatedNvml.Fixture($"nvidia-smi-{version}.xml")}'");

    private static async Task<GpuReport> ReadAsync(string library, string smi = Nowhere, TimeSpan? limit = null)
    {
        using var reader = Reader(library, smi, limit ?? TimeSpan.FromMinutes(2));
        return await reader.ReadAsync(CancellationToken.None);
    }

    private static GpuReader Reader(string library, string smi, TimeSpan limit) => new(
        new GpuReaderOptions { NvmlLibrary = library, NvidiaSmi = smi, NvidiaSmiLimit = limit }, TimeProvider.System, NullLogger<GpuReader>.Instance);
}
