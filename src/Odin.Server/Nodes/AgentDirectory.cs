using System.Net;
using System.Net.Sockets;

namespace Odin.Server.Nodes;

/// <summary>Finds the agents as they are now. A place that cannot be looked up is among them, with its problem.</summary>
internal delegate Task<IReadOnlyList<AgentAddress>> FindAgents(CancellationToken cancellationToken);

/// <summary>Where an agent is.</summary>
/// <param name="Url">Scheme, host and port.</param>
/// <param name="Problem">Why it cannot even be asked; null: it can.</param>
internal sealed record AgentAddress(Uri Url, string? Problem = null);

/// <summary>
/// The agents that the settings name. A <c>dns+http</c> address stands for every address of its name, as a headless
/// service of Kubernetes has one for each pod: that takes no rights at the cluster's API, and works without a cluster.
/// </summary>
internal static class AgentDirectory
{
    public const string DnsPrefix = "dns+";

    public static FindAgents Of(NodeOptions options) => cancellationToken => FindAsync(options, cancellationToken);

    private static async Task<IReadOnlyList<AgentAddress>> FindAsync(NodeOptions options, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(options.Agents.Select(agent => agent.Scheme.StartsWith(DnsPrefix, StringComparison.Ordinal)
            ? ResolveAsync(agent, options.Timeout, cancellationToken)
            : Task.FromResult<IReadOnlyList<AgentAddress>>([new AgentAddress(agent)])));
        return [.. found.SelectMany(a => a).DistinctBy(a => a.Url)];
    }

    private static async Task<IReadOnlyList<AgentAddress>> ResolveAsync(Uri name, TimeSpan limit, CancellationToken cancellationToken)
    {
        var scheme = name.Scheme[DnsPrefix.Length..];
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(name.IdnHost, cancellationToken).WaitAsync(limit, cancellationToken);
            // With two families each pod has an address of both; one is enough.
            var family = addresses.Any(a => a.AddressFamily == AddressFamily.InterNetwork) ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            return [.. addresses.Where(a => a.AddressFamily == family).Select(a => new AgentAddress(new Uri($"{scheme}://{new IPEndPoint(a, name.Port)}")))];
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            var url = new UriBuilder(scheme, name.IdnHost, name.Port).Uri;
            return [new AgentAddress(url, $"The name '{name.IdnHost}' cannot be looked up: {(e is TimeoutException ? "no answer in time" : e.Message)}.")];
        }
    }
}
