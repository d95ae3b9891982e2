using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Resources;
using Odin.Runs;
using Odin.Storage;
using Odin.Testing;

namespace Odin.Bench;

/// <summary>Pages of a list of 100,000 finished runs.</summary>
internal static class StoreBenches
{
    private const int Runs = 100_000, Jobs = 20, Samples = 200;

    public static async Task<IReadOnlyList<BenchRow>> SqliteAsync()
    {
        var directory = Directory.CreateTempSubdirectory("odin-bench-");
        try
        {
            return await MeasureAsync("store-sqlite", new StorageOptions(), directory.FullName);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    public static async Task<IReadOnlyList<BenchRow>> PostgresAsync()
    {
        await using var server = new PostgresServer();
        var database = await server.CreateDatabaseAsync();
        return await MeasureAsync("store-postgresql", new StorageOptions { Database = database }, Path.GetTempPath(), () => VacuumAsync(database));
    }

    // What PostgreSQL does by itself within minutes of such a load; the bench does not wait for it.
    private static async Task VacuumAsync(string database)
    {
        await using var connection = new Npgsql.NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "VACUUM ANALYZE";
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<IReadOnlyList<BenchRow>> MeasureAsync(string name, StorageOptions options, string directory, Func<Task>? settle = null)
    {
        await using var store = await StoreFactory.OpenAsync(options, directory, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        await FillAsync(store);
        if (settle is not null)
            await settle();
        var rows = new List<BenchRow>();
        var queries = new (string Name, Func<int, ResourceQuery> Query)[]
        {
            ("job-and-status", i => new ResourceQuery { Parent = $"job-{i % Jobs}", Phases = [i % 3 == 0 ? "Failed" : "Succeeded"] }),
            ("job", i => new ResourceQuery { Parent = $"job-{i % Jobs}" }),
            ("status", i => new ResourceQuery { Phases = [i % 3 == 0 ? "Failed" : "Succeeded"] }),
            ("id-contains", i => new ResourceQuery { IdContains = $"{i % 10}{i * 7 % 10}{i * 3 % 10}" }),
        };
        foreach (var (label, query) in queries)
        {
            var times = new List<double>();
            for (var i = 0; i < Samples; i++)
            {
                var watch = Stopwatch.StartNew();
                var page = await store.ListAsync<Run>(query(i) with { Limit = 50, Descending = i % 2 == 0 }, CancellationToken.None);
                times.Add(watch.Elapsed.TotalMilliseconds);
                if (page.Items.Count == 0)
                    throw new InvalidOperationException($"The page '{label}' of {name} is empty.");
            }
            rows.Add(BenchRow.AtMost($"{name}-{label}-p99", Percentile.Of(times, 0.99), 20, "ms", $"first and last pages of 50, p50 {Percentile.Of(times, 0.5):0.0} ms"));
        }
        return rows;
    }

    private static async Task FillAsync(SqlResourceStore store)
    {
        var time = TimeProvider.System;
        for (var start = 0; start < Runs; start += 1000)
        {
            var batch = new ResourceBatch(time);
            for (var i = start; i < start + 1000; i++)
            {
                batch.Create(new Run(
                    new ResourceMetadata { Id = RunIds.NewRunId("job") },
                    new RunSpec
                    {
                        Job = $"job-{i % Jobs}",
                        PipelineName = "job",
                        Commit = "0123456789012345678901234567890123456789",
                        RootPath = "/data/checkouts/0123456789012345678901234567890123456789",
                        WorkPath = $"/data/checkouts/0123456789012345678901234567890123456789/job-{i % Jobs}",
                        RunPath = $"/data/workspaces/{i}",
                    },
                    new RunStatus { Phase = i % 7 == 0 ? RunPhase.Failed : RunPhase.Succeeded, Started = time.GetUtcNow(), Finished = time.GetUtcNow() }));
            }
            await store.ApplyAsync(batch, CancellationToken.None);
        }
    }
}
