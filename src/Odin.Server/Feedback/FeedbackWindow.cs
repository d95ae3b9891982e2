using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Odin.Feedback;
using Odin.Server.Hosting;

namespace Odin.Server.Feedback;

/// <summary>Which records somebody asks for.</summary>
internal sealed record FeedbackWindow
{
    private static readonly TimeSpan Usual = TimeSpan.FromDays(1);

    [FromQuery(Name = "model"), Description("the name of the model; default: all, which takes a look at everything that was recorded")]
    public string? Model { get; init; }

    [FromQuery(Name = "version"), Description("its version; default: all")]
    public string? Version { get; init; }

    [FromQuery(Name = "since"), Description("an ISO time, in UTC unless it says otherwise, or so long ago: 90m, 12h, 7d; default: a day before 'until'")]
    public string? Since { get; init; }

    [FromQuery(Name = "until"), Description("the same; default: now")]
    public string? Until { get; init; }

    public FeedbackQuery ToQuery(DateTimeOffset now)
    {
        if (Version is { Length: > 0 } && string.IsNullOrEmpty(Model))
            throw Wrong("version", "given together with 'model'");
        var until = string.IsNullOrEmpty(Until) ? null : (DateTimeOffset?)Parse("until", Until, now);
        var since = string.IsNullOrEmpty(Since) ? Before(until ?? now) : Parse("since", Since, now);
        if (until <= since)
            throw Wrong("since", "before 'until'");
        return new FeedbackQuery { ModelName = Empty(Model), ModelVersion = Empty(Version), Since = since, Until = until };
    }

    public static InvalidRequestException Wrong(string name, string expected) =>
        new(new ProblemItem("WrongValue", $"'{name}' must be {expected}.") { Location = name });

    private static string? Empty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static DateTimeOffset Parse(string name, string text, DateTimeOffset now)
    {
        var unit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (unit > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && (long)count * unit <= (now - DateTimeOffset.UnixEpoch).TotalSeconds)
            return now.AddSeconds(-(double)count * unit);
        // A plus that nobody has escaped comes as a blank, the last one.
        var blank = text.LastIndexOf(' ');
        return ParseTime(text) ?? (blank > 0 ? ParseTime($"{text.AsSpan(0, blank)}+{text.AsSpan(blank + 1)}") : null)
            ?? throw Wrong(name, "a time such as 2026-03-04T10:00:00Z, or so long ago: 90m, 12h, 7d");
    }

    private static DateTimeOffset? ParseTime(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    // Time has a beginning.
    private static DateTimeOffset Before(DateTimeOffset until) => until - DateTimeOffset.MinValue > Usual ? until - Usual : DateTimeOffset.MinValue;
}
