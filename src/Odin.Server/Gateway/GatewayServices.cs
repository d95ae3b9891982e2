namespace Odin.Server.Gateway;

/// <summary>Puts the gateway into the server.</summary>
internal static class GatewayServices
{
    public static void AddGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<GatewayRequestLine>().AddSingleton<RouteTable>().AddSingleton<GatewayMeters>().AddSingleton<ReplicaLine>().AddSingleton<GatewayForwarder>().AddSingleton<GatewayAccess>();
        services.AddSingleton<TrafficMirror>().AddHostedService(provider => provider.GetRequiredService<TrafficMirror>());
        services.AddHostedService<RouteTableKeeper>();
    }

    /// <summary>Before everything that is meant for the server's own requests.</summary>
    public static void UseGateway(this IApplicationBuilder app) => app.UseMiddleware<GatewayMiddleware>().UseMiddleware<WatcherDeparture>();
}
