using Odin.Deployments;

namespace Odin.Server.Gateway;

/// <summary>
/// Keeps the server's own requests off the threads that wait for sockets, with all that comes for them: they may take long. One
/// begins there that a client has sent right behind a request for a model.
/// </summary>
internal sealed class WatcherDeparture(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (SocketWatcher.IsCurrent)
            await SocketWatcher.LeaveAsync();
        var connection = context.Features.Get<IPoolRequestFeature>();
        if (connection is null)
        {
            await next(context);
            return;
        }
        connection.IsInPool = true;
        try
        {
            await next(context);
        }
        finally
        {
            connection.IsInPool = false;
        }
    }
}

/// <summary>A connection whose requests may be served where they arrive.</summary>
internal interface IPoolRequestFeature
{
    /// <summary>Whether all that comes now goes on on the pool.</summary>
    bool IsInPool { set; }
}
