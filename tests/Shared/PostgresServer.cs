using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Odin.Testing;

/// <summary>
/// A PostgreSQL 15 of the tests' own on a free port, started when it is first asked for. Register it with
/// <c>[assembly: AssemblyFixture(typeof(PostgresServer))]</c>, take it as a constructor's parameter and ask it for a
/// database; a test that stops the server makes one for itself.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Programs = "/usr/lib/postgresql/15/bin", User = "app", Password = "secret of the tests";

    private readonly SemaphoreSlim gate = new(1, 1);
    private string? directory;
    private int databases;

    /// <summary>The port; it stays the same when the server is stopped and started.</summary>
    public int Port { get; private set; }

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        await StartAsync();
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref databases)}");
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name}";
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    /// <summary>Starts the server; it answers when this returns. Starting a running one does nothing.</summary>
    public async Task StartAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (directory is null)
                await InitializeAsync();
            if (!IsRunning)
            {
                await RunAsync($"{Programs}/pg_ctl", "start", "-w", "-t", "120", "-D", directory!, "-l", $"{directory}/log", "-o",
                    $"-c listen_addresses=127.0.0.1 -c port={Port} -c unix_socket_directories= -c fsync=off");
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Stops the server as a power cut would: connections break in the middle of their work.</summary>
    public async Task StopAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (IsRunning)
                await RunAsync($"{Programs}/pg_ctl", "stop", "-m", "immediate", "-w", "-t", "120", "-D", directory!);
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (directory is null)
            return;
        await StopAsync();
        Directory.Delete(directory, recursive: true);
        gate.Dispose();
    }

    private bool IsRunning => File.Exists($"{directory}/postmaster.pid");

    private string ConnectionString(string database) => string.Create(CultureInfo.InvariantCulture,
        $"Host=127.0.0.1;Port={Port};Database={database};Username={User};Password={Password}");

    private async Task InitializeAsync()
    {
        if (!File.Exists($"{Programs}/initdb"))
            throw new InvalidOperationException("PostgreSQL 15 is not installed, and it is needed here. On Debian or Ubuntu: apt-get install postgresql-15");
        var path = Directory.CreateTempSubdirectory("odin-postgres-").FullName;
        var passwordFile = $"{path}.password";
        await File.WriteAllTextAsync(passwordFile, Password);
        if (Environment.IsPrivilegedProcess)
            await RunAsync("/bin/chown", "postgres:", path, passwordFile);
        await RunAsync($"{Programs}/initdb", "-D", path, "-U", User, "-A", "scram-sha-256", $"--pwfile={passwordFile}",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        File.Delete(passwordFile);
        Port = FreePort();
        directory = path;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // PostgreSQL refuses to work for root.
    private static async Task RunAsync(string program, params string[] arguments)
    {
        string[] words = Environment.IsPrivilegedProcess && program.StartsWith(Programs, StringComparison.Ordinal)
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]
            : [program, .. arguments];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', words)} ended with {process.ExitCode}: {await output} {await error}");
    }
}
