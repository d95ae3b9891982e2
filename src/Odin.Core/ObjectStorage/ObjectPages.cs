using System.Runtime.CompilerServices;

namespace Odin.ObjectStorage;

/// <summary>Asks for one page of a list.</summary>
/// <param name="mark">Where it begins, as the page before has said; null: at the beginning.</param>
/// <returns>The objects, and where the next page begins; null: there is none; empty: there is one, and the server does not say where.</returns>
internal delegate Task<(List<StoredObject> Objects, string? Next)> ObjectPage(string? mark, CancellationToken cancellationToken);

/// <summary>Lists that servers give page by page.</summary>
internal static class ObjectPages
{
    /// <summary>All objects of the pages whose names are keys and begin with the prefix: a server may send what was not asked for.</summary>
    /// <param name="what">The server's word for objects, for messages.</param>
    public static async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, string description, string what, ObjectPage page, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.CheckPrefix(prefix);
        string? mark = null;
        do
        {
            var (objects, next) = await page(mark, cancellationToken);
            foreach (var found in objects)
            {
                if (ObjectKey.FindFlaw(found.Key) is null && found.Key.StartsWith(prefix, StringComparison.Ordinal))
                    yield return found;
            }
            if (next is not null && (next.Length == 0 || next == mark))
                throw new ObjectStorageException($"{description} said that there are more {what}, but not how to ask for them.", isPassing: false);
            mark = next;
        }
        while (mark is not null);
    }
}
