using Odin.Deployments;
using Odin.Resources;

namespace Odin.Routes;

/// <summary>A route as somebody asks for it.</summary>
/// <param name="Mirror">Null: none.</param>
/// <param name="Sticky">Null: none.</param>
public sealed record RouteWish(string UrlPrefix, string? Mirror, IReadOnlyList<TargetWish> Targets, StickyKey? Sticky);

/// <summary>A share of it.</summary>
/// <param name="Weight">Null: all, of a single target.</param>
public sealed record TargetWish(string Deployment, int? Weight);

/// <summary>What a route refers to, as far as it exists.</summary>
/// <param name="Deployments">Their ids.</param>
/// <param name="Holder">Another route that has the prefix already; null: none.</param>
public sealed record RouteReferences(IReadOnlySet<string> Deployments, string? Holder);

/// <summary>What a route must have; order and words are those of the inherited API, and what it does not look at comes last.</summary>
public static class RouteRules
{
    private const int Whole = 100;

    private static readonly string[] Reserved = ["/model", "/feedback"];

    // They are about the connection or about the client's rights, and some are not handed on at all.
    private static readonly HashSet<string> Unfit = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Connection", "Content-Length", "Cookie", "Host", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade",
    };

    /// <summary>Every deployment that the wish names.</summary>
    public static IEnumerable<string> DeploymentsOf(RouteWish wish) => wish.Targets.Select(t => t.Deployment).Append(wish.Mirror ?? "").Where(id => id.Length > 0);

    /// <summary>As it is compared and stored.</summary>
    public static string PrefixOf(RouteWish wish) => wish.UrlPrefix.TrimEnd('/');

    /// <summary>What is said of a prefix that another route has.</summary>
    public static string Taken(string prefix, string holder) => $"the URL prefix {prefix} belongs to the route \"{holder}\" already";

    /// <summary>The spec with its defaults, and everything that is wrong with it.</summary>
    public static RouteSpec Check(string id, RouteWish wish, RouteReferences known, DeploymentOptions options, List<string> errors)
    {
        ResourceId.Check(id, errors);
        var own = new List<string>();
        if (FindPrefixError(wish.UrlPrefix, options.CustomRoutePrefix) is { } wrong)
            own.Add(wrong);
        if (wish.Mirror is { } mirror && !known.Deployments.Contains(mirror))
            own.Add($"entity \"{mirror}\" is not found");
        // The inherited API says what it is about in this place alone.
        if (own.Count > 0)
            errors.Add($"Validation of model route is failed: {string.Join("; ", own)}");
        CheckTargets(wish.Targets, known, errors);
        CheckBeyond(wish, known, errors);
        return new RouteSpec
        {
            UrlPrefix = PrefixOf(wish),
            Mirror = wish.Mirror,
            Targets = [.. wish.Targets.Select(t => new RouteTarget(t.Deployment, t.Weight ?? Whole))],
            Sticky = wish.Sticky,
        };
    }

    private static string? FindPrefixError(string prefix, string custom) =>
        prefix.Length == 0 ? "empty URL Prefix"
        : prefix[0] != '/' ? "the URL prefix must start with slash"
        : !RoutePrefixes.Begins(prefix, custom) ? $"custom URL prefix must start with {custom}"
        : Reserved.FirstOrDefault(r => RoutePrefixes.Begins(prefix, r)) is { } reserved ? $"the URL prefix {reserved} is forbidden"
        : RoutePrefixes.IsServers(prefix) ? $"the URL prefix {prefix} is forbidden"
        : null;

    private static void CheckTargets(IReadOnlyList<TargetWish> targets, RouteReferences known, List<string> errors)
    {
        if (targets.Count == 0)
            errors.Add("model deployment targets must contain at least one element");
        foreach (var target in targets)
        {
            if (!known.Deployments.Contains(target.Deployment))
                errors.Add($"entity \"{target.Deployment}\" is not found");
            if (targets.Count > 1 && target.Weight is null)
                errors.Add("weights must be present if there are more than one model deployment targets");
        }
        if (targets is [{ Weight: not (null or Whole) }])
            errors.Add("it must have 100 weight or nil value if there is only one target");
        if (targets.Count > 1 && targets.Sum(t => (long)(t.Weight ?? 0)) != Whole)
            errors.Add("total target weight does not equal 100");
    }

    private static void CheckBeyond(RouteWish wish, RouteReferences known, List<string> errors)
    {
        if (wish.UrlPrefix.StartsWith('/') && !IsPlainPath(PrefixOf(wish)))
            errors.Add($"the URL prefix {wish.UrlPrefix} must be a path of letters, digits and the characters '-', '.', '_', '~' between single slashes");
        if (wish.Targets.Count > 1)
        {
            errors.AddRange(wish.Targets.Where(t => t.Weight is < 0 or > Whole).Select(t => $"the weight of {t.Deployment} must be between 0 and {Whole}"));
            errors.AddRange(wish.Targets.GroupBy(t => t.Deployment, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => $"{g.Key} is among the targets more than once"));
        }
        if (wish.Sticky is { } sticky)
            CheckSticky(sticky, errors);
        if (known.Holder is { } holder)
            errors.Add(Taken(PrefixOf(wish), holder));
    }

    // What a client, a proxy or a server could read in two ways is not there.
    private static bool IsPlainPath(string prefix) =>
        prefix.Length > 1
        && prefix[1..].Split('/').All(segment => segment is not ("" or "." or "..") && segment.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~'));

    private static void CheckSticky(StickyKey sticky, List<string> errors)
    {
        if (sticky is { Header: null, Cookie: null } or { Header: not null, Cookie: not null })
            errors.Add("sticky must have either a header or a cookie");
        if (sticky.Header is { } header && (!IsToken(header) || Unfit.Contains(header)))
            errors.Add($"sticky.header \"{header}\" must be the name of a header that tells clients apart, as X-User");
        if (sticky.Cookie is { } cookie && !IsToken(cookie))
            errors.Add($"sticky.cookie \"{cookie}\" must be the name of a cookie: letters, digits and !#$%&'*+-.^_`|~");
    }

    // RFC 9110, 5.6.2.
    private static bool IsToken(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));
}
