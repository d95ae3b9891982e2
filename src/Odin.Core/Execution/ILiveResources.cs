namespace Odin.Execution;

/// <summary>
/// What lives on a back end and is no execution of ours, or only a part of one: services, deployments, single pods. People
/// read their logs and events by name. Nothing of it is kept.
/// </summary>
/// <remarks>
/// Every method throws <see cref="ExecutorUnavailableException"/> when the back end cannot be asked, and
/// <see cref="ExecutorRefusedException"/> when it says no.
/// </remarks>
public interface ILiveResources
{
    /// <summary>The names of the pods behind it, those that run first; null: there is no such thing.</summary>
    Task<IReadOnlyList<string>?> FindPodsAsync(LiveResource resource, CancellationToken cancellationToken);

    /// <summary>The log of a pod, as bytes.</summary>
    Task<Stream> OpenLogAsync(string pod, LiveLogQuery query, CancellationToken cancellationToken);

    /// <summary>What was reported about it, oldest first; null: there is no such thing and nothing was.</summary>
    Task<IReadOnlyList<ExecutionEvent>?> FindEventsAsync(LiveResource resource, CancellationToken cancellationToken);
}

/// <summary>Which part of the log of a pod.</summary>
/// <param name="Container">Needed when the pod has several.</param>
/// <param name="Lines">Only so many of the last lines; null: all.</param>
/// <param name="Follow">Go on until the container ends.</param>
public sealed record LiveLogQuery(string? Container, int? Lines, bool Follow);

/// <summary>A name that people give: <c>svc/web</c>, <c>deploy/web</c>, or that of a pod.</summary>
/// <param name="Type">One of <see cref="ResourceTypes"/>: <c>Service</c>, <c>Deployment</c> or <c>Pod</c>.</param>
public sealed record LiveResource(string Type, string Name)
{
    private const int LongestName = 253;

    private static readonly Dictionary<string, string> Prefixes = new(StringComparer.Ordinal)
    {
        ["svc"] = ResourceTypes.Service,
        ["service"] = ResourceTypes.Service,
        ["deploy"] = ResourceTypes.Deployment,
        ["deployment"] = ResourceTypes.Deployment,
        ["pod"] = ResourceTypes.Pod,
    };

    /// <summary>Null: nothing can have that name, so nobody need be asked.</summary>
    public static LiveResource? Parse(string id)
    {
        var slash = id.IndexOf('/', StringComparison.Ordinal);
        var type = slash < 0 ? ResourceTypes.Pod : Prefixes.GetValueOrDefault(id[..slash]);
        var name = id[(slash + 1)..];
        return type is not null && IsDnsName(name) ? new LiveResource(type, name) : null;
    }

    // RFC 1123: labels of small letters, digits and dashes, with dots between them.
    private static bool IsDnsName(string name) => name.Length is > 0 and <= LongestName
        && name.Split('.').All(label => label.Length > 0 && label[0] != '-' && label[^1] != '-'
            && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'));
}
