using System.Text.Json.Nodes;
using Odin.Bench;

// name -> what measures it; a bench may give several rows, all of whose names start with its own.
var onMachine = new (string Name, Func<Task<IReadOnlyList<BenchRow>>> Run)[]
{
    ("independent", TaskBenches.IndependentAsync),
    ("chain", TaskBenches.ChainAsync),
    ("large", TaskBenches.LargeAsync),
    ("store-sqlite", StoreBenches.SqliteAsync),
    ("store-postgresql", StoreBenches.PostgresAsync),
    ("server", FootprintBenches.IdleAsync),
};

// Asked for by --kubernetes, because they need a cluster.
var onKubernetes = new (string Name, Func<Task<IReadOnlyList<BenchRow>>> Run)[]
{
    ("kubernetes-fan-out", KubernetesBenches.FanOutAsync),
    ("kubernetes-chain", KubernetesBenches.ChainAsync),
    ("kubernetes-200-runs", KubernetesBenches.ManyRunsAsync),
};

// Asked for by --lifecycle, because they need Python with scikit-learn, zip and buildah.
var onLifecycle = new (string Name, Func<Task<IReadOnlyList<BenchRow>>> Run)[]
{
    ("training", TrainingBenches.RunAsync),
    ("archive", ArchiveBenches.RunAsync),
    ("images", ImageBenches.BuildersAsync),
};

// Asked for by --serving, because they need Python with scikit-learn, gunicorn, Flask and wrk.
var onServing = new (string Name, Func<Task<IReadOnlyList<BenchRow>>> Run)[]
{
    ("serving", ServingBenches.DirectAsync),
    ("gateway", GatewayBenches.CostAsync),
    ("cold-start", GatewayBenches.WakingAsync),
    ("route-change", GatewayBenches.RoutesAsync),
    ("sleep-cycles", GatewayBenches.CyclesAsync),
};

var benches = onMachine;
string? only = null;
var json = false;
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--only" && i + 1 < args.Length)
        only = args[++i];
    else if (args[i] is "-o" or "--output" && i + 1 < args.Length && args[i + 1] is "json" or "table")
        json = args[++i] == "json";
    else if (args[i] == "--kubernetes")
        benches = onKubernetes;
    else if (args[i] == "--lifecycle")
        benches = onLifecycle;
    else if (args[i] == "--serving")
        benches = onServing;
    else
    {
        Console.Error.WriteLine($"usage: ./bench [--kubernetes|--lifecycle|--serving] [--only NAME] [-o table|json]\nnames: {string.Join(", ", onMachine.Concat(onKubernetes).Concat(onLifecycle).Concat(onServing).Select(b => b.Name))}");
        return 2;
    }
}

var chosen = benches.Where(b => only is null || b.Name.StartsWith(only, StringComparison.Ordinal) || only.StartsWith(b.Name, StringComparison.Ordinal)).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"There is no figure '{only}'; there are: {string.Join(", ", benches.Select(b => b.Name))}.");
    return 2;
}

var rows = new List<BenchRow>();
if (!json)
    Console.WriteLine($"{"name",-30} {"target",-18} {"measured",-60} verdict");
foreach (var (name, run) in chosen)
{
    Console.Error.WriteLine($"measuring {name} ...");
    foreach (var row in await run())
    {
        rows.Add(row);
        if (!json)
            Console.WriteLine($"{row.Name,-30} {row.Target,-18} {row.Measured,-60} {(row.IsOk ? "ok" : "short")}");
    }
}
if (json)
{
    Console.WriteLine(new JsonArray([.. rows.Select(r => (JsonNode)new JsonObject
    {
        ["name"] = r.Name,
        ["target"] = r.Target,
        ["measured"] = r.Measured,
        ["verdict"] = r.IsOk ? "ok" : "short",
    })]).ToJsonString());
}
return rows.TrueForAll(r => r.IsOk) ? 0 : 1;
