using System.Globalization;

namespace Odin.Deployments;

/// <summary>How a deployment follows its load: the annotations of Knative, by which its users know them.</summary>
/// <param name="Target">Requests at the same time that one replica is meant to have; <c>autoscaling.knative.dev/target</c>, default 10.</param>
/// <param name="IdleAfter">How long nobody must have asked before it goes to sleep; <c>autoscaling.knative.dev/window</c>.</param>
public sealed record ScalingSettings(double Target, TimeSpan IdleAfter)
{
    public const string TargetAnnotation = "autoscaling.knative.dev/target", WindowAnnotation = "autoscaling.knative.dev/window";

    private const double DefaultTarget = 10;
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100), Longest = TimeSpan.FromDays(7);

    /// <summary>Adds what is wrong with the annotations.</summary>
    public static void Check(IReadOnlyDictionary<string, string>? annotations, ICollection<string> errors)
    {
        if (Find(annotations, TargetAnnotation) is { } target && ReadTarget(target) is null)
            errors.Add($"annotation {TargetAnnotation} is \"{target}\": it must be a number above 0, such as 10");
        if (Find(annotations, WindowAnnotation) is { } window && ReadWindow(window) is null)
            errors.Add($"annotation {WindowAnnotation} is \"{window}\": it must be a time from 100ms to 168h, such as 90s or 5m");
    }

    /// <summary>What holds for a deployment; annotations that are wrong count as absent.</summary>
    public static ScalingSettings Of(DeploymentSpec spec, TimeSpan idleAfter) => new(
        Find(spec.Annotations, TargetAnnotation) is { } target ? ReadTarget(target) ?? DefaultTarget : DefaultTarget,
        Find(spec.Annotations, WindowAnnotation) is { } window ? ReadWindow(window) ?? idleAfter : idleAfter);

    private static string? Find(IReadOnlyDictionary<string, string>? annotations, string name) => annotations?.GetValueOrDefault(name);

    private static double? ReadTarget(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 100_000 ? number : null;

    private static TimeSpan? ReadWindow(string text)
    {
        var (digits, unit) = text switch
        {
            [.. var number, 'm', 's'] => (number, 0.001),
            [.. var number, 's'] => (number, 1.0),
            [.. var number, 'm'] => (number, 60.0),
            [.. var number, 'h'] => (number, 3600.0),
            _ => ("", 0.0),
        };
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) || count * unit > Longest.TotalSeconds)
            return null;
        var window = TimeSpan.FromSeconds(count * unit);
        return window >= Shortest && window <= Longest ? window : null;
    }
}
