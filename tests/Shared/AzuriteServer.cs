using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Odin.Testing;

/// <summary>
/// Azurite, Microsoft's own emulation of Azure Blob Storage, on a free port; <c>./test</c> installs it into
/// <c>artifacts/azurite</c>. Register it with <c>[assembly: AssemblyFixture(typeof(AzuriteServer))]</c>.
/// </summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    private const string Account = "devstoreaccount1";

    // Known to everybody: it is in azurite's documentation.
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly string Program = Path.Combine(SourceTree.Root, "artifacts/azurite/node_modules/azurite/dist/src/blob/main.js");

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly TemporaryDirectory directory = new();
    private int containers;
    private Process? process;

    public int Port { get; private set; }

    /// <summary>Of the account, without a signature.</summary>
    public string Address => $"http://127.0.0.1:{Port}/{Account}";

    /// <summary>Starts the server, or skips the test where it is not installed.</summary>
    public async Task StartAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (process is not null)
                return;
            Assert.SkipUnless(File.Exists(Program), "Azurite is not installed; run ./test, or: npm install --prefix artifacts/azurite azurite@3.35.0");
            Port = FreePort.Find();
            process = Process.Start(new ProcessStartInfo("/bin/sh",
            [
                "-c", "exec node \"$0\" --blobHost 127.0.0.1 --blobPort \"$1\" --location \"$2\" --silent --disableTelemetry >/dev/null 2>&1",
                Program, $"{Port}", directory.Path,
            ]))!;
            await Eventually.True(() => MotoServer.IsListening(Port), "azurite listens");
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The name of a new, empty container.</summary>
    public async Task<string> CreateContainerAsync()
    {
        await StartAsync();
        var name = $"container-{Interlocked.Increment(ref containers)}";
        using var client = new HttpClient();
        using var answer = await client.PutAsync($"{Address}/{name}?restype=container&{SasOf("rwdlac", "sco")}", null);
        Assert.True(answer.IsSuccessStatusCode, $"azurite: {await answer.Content.ReadAsStringAsync()}");
        return name;
    }

    /// <summary>The URL of the account with a signature for all that a storage does.</summary>
    public string SasUrl => $"{Address}?{SasOf("rwdlac", "sco")}";

    /// <param name="permissions">Letters, as in Azure's documentation of an account's SAS.</param>
    /// <param name="end">Null: tomorrow.</param>
    public static string SasOf(string permissions, string types, DateTimeOffset? end = null)
    {
        const string version = "2019-12-12";
        var until = (end ?? TimeProvider.System.GetUtcNow().AddDays(1)).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var text = $"{Account}\n{permissions}\nb\n{types}\n\n{until}\n\nhttps,http\n{version}\n";
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Key), Encoding.UTF8.GetBytes(text)));
        return $"sv={version}&ss=b&srt={types}&sp={permissions}&se={Uri.EscapeDataString(until)}&spr=https,http&sig={Uri.EscapeDataString(signature)}";
    }

    public ValueTask DisposeAsync()
    {
        process?.Kill(entireProcessTree: true);
        process?.WaitForExit();
        process?.Dispose();
        directory.Dispose();
        gate.Dispose();
        return ValueTask.CompletedTask;
    }
}
