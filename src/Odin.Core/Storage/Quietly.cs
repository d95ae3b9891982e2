using System.Data.Common;

namespace Odin.Storage;

/// <summary>
/// Disposes of what may be broken without a word. SQLite rolls back by itself when its disk is full; the driver then
/// complains that there is nothing to roll back, and that would take the place of the error that matters.
/// </summary>
internal sealed class Quietly(IAsyncDisposable broken) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        try
        {
            await broken.DisposeAsync();
        }
        catch (Exception e) when (e is DbException or IOException or InvalidOperationException)
        {
            // Whoever has an error of its own tells it; after a success there is nothing that could fail here.
        }
    }
}
