using System.Text.RegularExpressions;
using Odin.Deployments;

namespace Odin.Server.Auth;

/// <summary>
/// Who may call a model: members of the role that its deployment names, data scientists and admins. Users without roles may,
/// and so may whoever was let in without a token.
/// </summary>
internal sealed partial class ModelAccess(RolePolicy policy)
{
    /// <summary>Whether a model may be called so.</summary>
    /// <param name="user">Null: somebody unknown.</param>
    /// <param name="path">Behind the prefix of the route, as the model sees it; without the query.</param>
    public bool MayCall(CurrentUser? user, DeploymentSpec model, string method, string path)
    {
        if (user?.Roles is not { } names)
            return true;
        var isTriton = model.Predictor == Predictors.Triton;
        var isRead = HttpMethods.IsGet(method);
        if (isRead && (path is "/healthz" or "/metrics" or "/healthcheck" || (isTriton && path is "/v2/health/live" or "/v2/health/ready")))
            return true;
        var roles = policy.Map(names);
        if (roles.HasFlag(ApiRoles.Admin) && isTriton)
            return true;
        if (!(isRead || HttpMethods.IsPost(method)) || !(names.Contains(model.RoleName) || (roles & (ApiRoles.Admin | ApiRoles.DataScientist)) != 0))
            return false;
        // The bare prefix answers with what the model says of itself.
        return isTriton ? TritonPaths().IsMatch(path) : path is "/api/model/info" or "/api/model/invoke" or "" or "/" || OwnPaths().IsMatch(path);
    }

    [GeneratedRegex(@"\A/v2/models/[\w-]+(/versions/[\d]+)?(/infer|/ready)?/?\z")]
    private static partial Regex TritonPaths();

    // The Open Inference Protocol, which our model server speaks too.
    [GeneratedRegex(@"\A/v2(/health/(live|ready)|/models/[\w.-]+(/versions/[\w.-]+)?(/infer|/ready)?)?/?\z")]
    private static partial Regex OwnPaths();
}
