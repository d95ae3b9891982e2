using Microsoft.Extensions.DependencyInjection;
using Odin.Reconciliation;

namespace Odin.Routes;

/// <summary>Registers what routes need in a host.</summary>
internal static class RouteWiring
{
    private const int Workers = 2;

    public static IServiceCollection AddRoutes(this IServiceCollection services) =>
        services.AddSingleton<DefaultRoutes>().AddSingleton<RouteReconciler>().AddReconcilerHost<Route, RouteReconciler>(_ => Workers).AddHostedService<RouteEngine>();
}
