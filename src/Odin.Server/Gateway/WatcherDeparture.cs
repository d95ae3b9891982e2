using Odin.Deployments;

namespace Odin.Server.Gateway;

/// <summary>
/// Keeps requests off the threads that wait for models: one that its client has sent right behind another one begins where the
/// answer to that one has ended, and it may be for something that takes long.
/// </summary>
internal sealed class WatcherDeparture(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) => SocketWatcher.IsCurrent ? LeaveAsync(context) : next(context);

    private async Task LeaveAsync(HttpContext context)
    {
        await SocketWatcher.LeaveAsync();
        await next(context);
    }
}
