using System.Globalization;

namespace Odin.Steps;

/// <summary>How steps and times are called in sentences.</summary>
internal static class StepWords
{
    public static string Of(WorkStep step) => step.ToString().ToLowerInvariant();

    public static string Of(TimeSpan time) => time switch
    {
        _ when time.TotalHours >= 1 && time.Minutes == 0 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0} h"),
        _ when time.TotalMinutes >= 1 && time.Seconds == 0 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s"),
    };
}
