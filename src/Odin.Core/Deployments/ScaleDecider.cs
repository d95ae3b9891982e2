namespace Odin.Deployments;

/// <summary>What is asked of a deployment.</summary>
/// <param name="Now">Requests at the same time, on the average of the last seconds; those that wait count.</param>
/// <param name="Highest">The highest such average of the last half minute.</param>
/// <param name="Waiting">Requests that wait for a replica at this moment.</param>
/// <param name="Idle">Since the last request ended; null: there never was one.</param>
public readonly record struct ObservedLoad(double Now, double Highest, int Waiting, TimeSpan? Idle);

/// <summary>How many replicas a deployment is to have. Up at once, down when the load has been low for half a minute.</summary>
internal static class ScaleDecider
{
    /// <param name="present">Replicas that there are of the newest revision.</param>
    /// <param name="isProven">Whether a replica of the newest revision has been ready at some time; until then it does not sleep.</param>
    public static int Decide(DeploymentSpec spec, ScalingSettings settings, ObservedLoad load, int present, bool isProven)
    {
        var wanted = Replicas(load.Now, settings.Target);
        // What was needed a moment ago is kept, but nothing is started for it.
        var kept = Math.Min(present, Replicas(load.Highest, settings.Target));
        var isAwake = !isProven || load.Waiting > 0 || load.Idle is { } idle && idle < settings.IdleAfter;
        var least = Math.Max(spec.MinReplicas, isAwake ? 1 : 0);
        if (least == 0)
            return 0;
        return Math.Clamp(Math.Max(wanted, kept), least, Math.Max(least, spec.MaxReplicas));
    }

    private static int Replicas(double load, double target) => (int)Math.Min(Math.Ceiling(load / target), int.MaxValue);
}
