using Odin.Connections;
using Odin.Images;
using Odin.Resources;

namespace Odin.Deployments;

/// <summary>A deployment as somebody asks for it: the spec, and the numbers that may be left out of it.</summary>
public sealed record DeploymentWish(DeploymentSpec Spec)
{
    public int? MinReplicas { get; init; }

    public int? MaxReplicas { get; init; }

    public int? LivenessProbeInitialDelay { get; init; }

    public int? ReadinessProbeInitialDelay { get; init; }
}

/// <summary>
/// What a deployment must have and what it gets by itself. Order and words are those of the inherited API, which puts what it
/// says of numbers first, the last of it in front; what it does not look at comes at the end.
/// </summary>
public static class DeploymentRules
{
    /// <summary>Room is left for what is put behind the id, in the names of its routes and of what runs for it.</summary>
    public const int LongestId = 46;

    private const int DefaultDelay = 2;

    // Each is a process, and one mistyped digit is a fork bomb.
    private const int MostReplicas = 100;

    /// <summary>The connection that pulls the image; empty: none.</summary>
    public static string PullConnectionOf(DeploymentSpec spec, DeploymentOptions options) =>
        spec.PullConnection.Length > 0 ? spec.PullConnection : options.PullConnection ?? "";

    /// <summary>The spec with its defaults, and everything that is wrong with it.</summary>
    /// <param name="pull">The connection of <see cref="PullConnectionOf"/>, if it exists.</param>
    public static DeploymentSpec Check(string id, DeploymentWish wish, Connection? pull, DeploymentOptions options, List<string> errors)
    {
        var spec = wish.Spec;
        if (id.Length > LongestId)
            errors.Add($"model deployment ID should not exceed {LongestId} symbols");
        else
            ResourceId.Check(id, errors);
        if (spec.Image.Length == 0)
            errors.Add("empty image parameter");
        if (spec.Predictor.Length == 0)
            spec = spec with { Predictor = options.DefaultPredictor ?? "" };
        if (spec.Predictor.Length == 0)
            errors.Add("empty predictor parameter");
        if (spec.RoleName.Length == 0)
            spec = spec with { RoleName = $"role-{id}" };
        else if (LabelValue.Find(spec.RoleName) is { } wrong)
            errors.Add(wrong);
        spec = CheckReplicas(spec, wish, errors);
        if (spec.Resources is null)
            spec = spec with { Resources = options.DefaultResources };
        else
            spec.Resources.Check(errors);
        spec = spec with
        {
            ReadinessProbeInitialDelay = CheckDelay("readiness", wish.ReadinessProbeInitialDelay, errors),
            LivenessProbeInitialDelay = CheckDelay("liveness", wish.LivenessProbeInitialDelay, errors),
            PullConnection = PullConnectionOf(spec, options),
        };
        var places = new List<string>();
        NodePools.Check(spec.NodeSelector, options.NodePools, places);
        errors.InsertRange(0, places);
        CheckParts(spec, pull, errors);
        return spec;
    }

    private static DeploymentSpec CheckReplicas(DeploymentSpec spec, DeploymentWish wish, List<string> errors)
    {
        var least = wish.MinReplicas ?? 0;
        if (least < 0)
            errors.Insert(0, "minimum number of replicas parameter must not be less than 0");
        var most = wish.MaxReplicas ?? Math.Max(1, least);
        if (most < 1)
            errors.Insert(0, "maximum number of replicas parameter must not be less than 1");
        if (least > most)
            errors.Insert(0, "maximum number of replicas parameter must not be less than minimum number of replicas parameter");
        if (most > MostReplicas)
            errors.Insert(0, $"maximum number of replicas parameter must not be more than {MostReplicas}");
        return spec with { MinReplicas = least, MaxReplicas = most };
    }

    private static int CheckDelay(string probe, int? seconds, List<string> errors)
    {
        if (seconds < 0)
            errors.Insert(0, $"{probe}ProbeInitialDelay must be non-negative integer");
        return seconds ?? DefaultDelay;
    }

    // Of these the inherited server says nothing, and goes on trying for ever.
    private static void CheckParts(DeploymentSpec spec, Connection? pull, List<string> errors)
    {
        ScalingSettings.Check(spec.Annotations, errors);
        if (spec.Image.Length > 0 && !ImageReference.TryParse(spec.Image, out _, out var error))
            errors.Add(error);
        if (spec.Predictor.Length > 0 && !Predictors.All.Contains(spec.Predictor))
            errors.Add($"unknown predictor: {spec.Predictor}. Known predictors: [{string.Join(' ', Predictors.All)}]");
        if (spec.PullConnection.Length == 0)
            return;
        if (pull is null)
            errors.Add($"entity \"{spec.PullConnection}\" is not found");
        else if (!ConnectionTypes.Registries.Contains(pull.Spec.Type))
            errors.Add($"{pull.Id} cannot pull images; it has type {pull.Spec.Type} and none of [{string.Join(' ', ConnectionTypes.Registries)}]");
    }
}
