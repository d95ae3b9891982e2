using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;

namespace Odin.Server.Auth;

/// <summary>What a user is to the API.</summary>
[Flags]
internal enum ApiRoles
{
    None = 0,
    Viewer = 1,
    DataScientist = 2,
    Admin = 4,
}

/// <summary>
/// What users with roles may call: the table of the inherited system, with batches, feedback, artifacts and the catalog, which
/// it leaves to admins or to other servers. Only the path counts, never the query. Users without roles may call everything.
/// </summary>
internal sealed partial class RolePolicy(RoleOptions options)
{
    private const ApiRoles Scientists = ApiRoles.DataScientist, Readers = ApiRoles.DataScientist | ApiRoles.Viewer;

    // Beginnings of paths: with any verb, and with GET.
    private static readonly string[] Worked = ["/api/v1/model/deployment", "/api/v1/model/packaging", "/api/v1/model/training", "/api/v1/batch"];

    // Models themselves, and what they were asked and answered, show more than a viewer may ask of them.
    private static readonly string[] Given = ["/api/v1/artifact", "/api/v1/feedback", "/feedback", "/v1/feedback"];

    private static readonly string[] Seen =
    [
        "/api/v1/model/route", "/api/v1/configuration", "/api/v1/packaging/integration", "/api/v1/user", "/api/v1/toolchain/integration", "/api/v1/training-integration",
        "/service-catalog",
    ];

    /// <summary>What the names of roles mean; null, which allows everything, is the admin.</summary>
    public ApiRoles Map(IReadOnlyList<string>? names) => names is null ? ApiRoles.Admin
        : (names.Contains(options.Admin) ? ApiRoles.Admin : 0)
        | (names.Contains(options.DataScientist) ? ApiRoles.DataScientist : 0)
        | (names.Contains(options.Viewer) ? ApiRoles.Viewer : 0);

    /// <summary>Whether the API may be called so.</summary>
    /// <param name="names">Roles of the user; null: everything is allowed.</param>
    /// <param name="path">Without the query.</param>
    public bool MayCall(IReadOnlyList<string>? names, string method, string path)
    {
        var roles = Map(names);
        if (roles.HasFlag(ApiRoles.Admin))
            return true;
        if (HttpMethods.IsGet(method) && (path is "/" or "/health" or "/v1/app" || path.StartsWith("/swagger", StringComparison.Ordinal)))
            return true;
        if ((roles & Scientists) != 0 && (Begins(path, Worked) || Begins(path, Given)))
            return true;
        return (roles & Readers) != 0 && HttpMethods.IsGet(method) && (Begins(path, Worked) || Begins(path, Seen) || Connections().IsMatch(path) || Artifacts().IsMatch(path));
    }

    /// <summary>Whether the WebSockets may be used, by which everything can be done.</summary>
    public bool MayUseSockets(IReadOnlyList<string>? names) => Map(names).HasFlag(ApiRoles.Admin);

    /// <summary>Whether the registry may be used so: by those who make models. An image has the whole model in it, which is more than a viewer sees.</summary>
    public bool MayUseRegistry(IReadOnlyList<string>? names, string method)
    {
        var roles = Map(names);
        return roles.HasFlag(ApiRoles.Admin) || ((roles & Scientists) != 0 && !HttpMethods.IsDelete(method));
    }

    /// <summary>Answers 403 without a body: the inherited clients show the name of the status then.</summary>
    public static void Refuse(HttpContext context)
    {
        if (context.Features.Get<IStatusCodePagesFeature>() is { } pages)
            pages.Enabled = false;
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
    }

    private static bool Begins(string path, string[] beginnings) => Array.Exists(beginnings, b => path.StartsWith(b, StringComparison.Ordinal));

    // Not with secrets, and not those that do something.
    [GeneratedRegex(@"\A/api/v1/connection/*[a-zA-Z0-9-]*/*\z")]
    private static partial Regex Connections();

    // That they are there, not what is in them.
    [GeneratedRegex(@"\A/api/v1/artifact(/[^/]*)?\z")]
    private static partial Regex Artifacts();
}
