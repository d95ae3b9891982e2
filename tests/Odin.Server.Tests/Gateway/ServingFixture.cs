using Odin.Server.Gateway;

namespace Odin.Server.Tests.Gateway;

/// <summary>A server with the models <c>red</c> and <c>blue</c>, which tests ask and do not change.</summary>
public sealed class ServingFixture : IAsyncLifetime
{
    public ServingServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ServingServer.StartAsync(new GatewayOptions { MaxBodyBytes = 4 << 20, WakeTimeout = TimeSpan.FromSeconds(30) });
        await Server.DeployAsync("red");
        await Server.DeployAsync("blue");
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
