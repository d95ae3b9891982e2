using Odin.Deployments;
using Odin.Server.Hosting;

namespace Odin.Server.Gateway;

/// <summary>Reads the settings of the gateway and of the replicas behind it.</summary>
internal static class GatewaySettings
{
    private const int SmallestBody = 1024, MostWaiting = 100_000;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromDays(1);

    public static GatewayOptions Read(SettingValues values)
    {
        var gateway = new GatewayOptions();
        return gateway with
        {
            MaxBodyBytes = values.Number(Settings.GatewayMaxBody, SmallestBody) ?? gateway.MaxBodyBytes,
            Timeout = Time(values, Settings.GatewayTimeout) ?? gateway.Timeout,
            WakeTimeout = Time(values, Settings.GatewayWake) ?? gateway.WakeTimeout,
            MaxWaiting = values.Number(Settings.GatewayWaiting, 1, MostWaiting) ?? gateway.MaxWaiting,
            // What begins so is looked for in the table; a slash alone takes in everything.
            CustomPrefix = (values.Text(Settings.DeploymentPrefix) ?? gateway.CustomPrefix).TrimEnd('/'),
        };
    }

    public static ReplicaOptions ReadReplicas(SettingValues values)
    {
        var replicas = new ReplicaOptions();
        return replicas with
        {
            Isolation = values.Choice<ReplicaIsolation>(Settings.DeploymentIsolation) ?? replicas.Isolation,
            IdleAfter = Time(values, Settings.DeploymentIdle) ?? replicas.IdleAfter,
            ReadyTimeout = Time(values, Settings.DeploymentReady) ?? replicas.ReadyTimeout,
        };
    }

    private static TimeSpan? Time(SettingValues values, Setting setting) => values.Duration(setting, Shortest, Longest, "between 1 second and 1 day");
}
