using Odin.Predictor.Hosting;
using Odin.Predictor.Workers;

namespace Odin.Predictor.Models;

/// <summary>The model as its workers tell of it, with the rules that follow from that.</summary>
internal sealed class ServedModel(WorkerPool pool, PredictorOptions options)
{
    private volatile Loaded? loaded;

    /// <summary>Null until a worker has loaded it. All workers load the same, so the first one's word stands.</summary>
    public Loaded? Current => loaded ?? (pool.Facts is { } facts ? loaded = new Loaded(facts, new ColumnRules(facts, options.IsChecked)) : null);

    /// <summary>A model that was loaded.</summary>
    internal sealed record Loaded(ModelFacts Facts, ColumnRules Rules);
}
