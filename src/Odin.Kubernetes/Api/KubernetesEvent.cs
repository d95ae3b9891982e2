using Odin.Execution;

namespace Odin.Kubernetes.Api;

/// <summary>Something that happened to an object (<c>v1</c> Event).</summary>
public sealed record KubernetesEvent : KubernetesObject
{
    public ObjectReference InvolvedObject { get; init => field = value ?? new(); } = new();

    /// <summary><c>Scheduled</c>, <c>FailedScheduling</c>, <c>Pulling</c>, <c>FailedMount</c>, …</summary>
    public string? Reason { get; init; }

    public string? Message { get; init; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Who says so, of those who use the newer interface.</summary>
    public string? ReportingComponent { get; init; }

    public EventSource Source { get; init => field = value ?? new(); } = new();

    public int Count { get; init; }

    public DateTimeOffset? FirstTimestamp { get; init; }

    public DateTimeOffset? LastTimestamp { get; init; }

    public DateTimeOffset? EventTime { get; init; }

    /// <summary>Of an event that comes again and again, by those who use the newer interface.</summary>
    public EventSeries? Series { get; init; }

    /// <summary>When it happened last, by whichever of the fields its reporter fills.</summary>
    public DateTimeOffset? When => Series?.LastObservedTime ?? LastTimestamp ?? EventTime ?? FirstTimestamp ?? Metadata.CreationTimestamp;

    /// <summary>The same in the words of executions.</summary>
    internal ExecutionEvent ToExecutionEvent()
    {
        var source = string.Join(',', new[] { Source.Component ?? ReportingComponent, Source.Host }.Where(s => !string.IsNullOrEmpty(s)));
        return new ExecutionEvent(Type ?? "Normal", Reason ?? "", source, Message ?? "", When ?? default);
    }
}

/// <summary>The object that an event is about.</summary>
public sealed record ObjectReference
{
    public string Kind { get; init => field = value ?? ""; } = "";

    public string? Namespace { get; init; }

    public string Name { get; init => field = value ?? ""; } = "";

    public string Uid { get; init => field = value ?? ""; } = "";

    /// <summary>A part of it: <c>spec.containers{main}</c>.</summary>
    public string? FieldPath { get; init; }
}

/// <summary>Who says so.</summary>
public sealed record EventSource
{
    public string? Component { get; init; }

    public string? Host { get; init; }
}

/// <summary>How often it came, and when it did last.</summary>
public sealed record EventSeries
{
    public int Count { get; init; }

    public DateTimeOffset? LastObservedTime { get; init; }
}
