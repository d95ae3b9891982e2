namespace Odin.Execution;

/// <summary>
/// Hands a bounded number of slots to those who wait: to each group in turn, and in order of arrival within a group.
/// Not safe for several threads.
/// </summary>
public sealed class SlotQueue<T>(int slots)
    where T : class
{
    private readonly Dictionary<string, LinkedList<T>> groups = [];
    private readonly Queue<string> turns = new();
    private readonly Dictionary<T, LinkedListNode<T>> nodes = new(ReferenceEqualityComparer.Instance);

    public int Slots { get; } = slots;

    /// <summary>Slots in use; more than there are after the adoption of what an earlier process had started.</summary>
    public int Busy { get; private set; }

    public int Waiting => nodes.Count;

    public void Enqueue(string group, T item)
    {
        if (!groups.TryGetValue(group, out var queue))
        {
            groups[group] = queue = new LinkedList<T>();
            turns.Enqueue(group);
        }
        nodes.Add(item, queue.AddLast(item));
    }

    /// <summary>False if it does not wait (any more).</summary>
    public bool Remove(T item)
    {
        // An emptied group is dropped when its turn comes.
        if (!nodes.Remove(item, out var node))
            return false;
        node.List!.Remove(node);
        return true;
    }

    /// <summary>The next one, for which a slot is then in use.</summary>
    public T? TryTake()
    {
        while (Busy < Slots && turns.TryDequeue(out var group))
        {
            if (groups[group].First is not { } first)
            {
                groups.Remove(group);
                continue;
            }
            turns.Enqueue(group);
            Remove(first.Value);
            Busy++;
            return first.Value;
        }
        return null;
    }

    /// <summary>Takes a slot, free or not, for what runs already.</summary>
    public void Occupy() => Busy++;

    public void Release() => Busy--;
}
