namespace Odin.Steps;

/// <summary>Lets so many in at a time; the others are called in the order in which they came.</summary>
internal sealed class TurnQueue(int places, Action<string> call)
{
    private readonly Lock gate = new();
    private readonly HashSet<string> inside = new(StringComparer.Ordinal);
    private readonly List<string> waiting = [];

    /// <summary>True: it is in, now or already. False: it is called later, and asks again then.</summary>
    public bool TryEnter(string id, out int ahead)
    {
        lock (gate)
        {
            ahead = 0;
            if (inside.Contains(id))
                return true;
            var position = waiting.IndexOf(id);
            // Who is called is among the first; somebody new has to wait behind all of them.
            if (inside.Count + (position < 0 ? waiting.Count : position) < places)
            {
                waiting.Remove(id);
                inside.Add(id);
                return true;
            }
            if (position < 0)
            {
                position = waiting.Count;
                waiting.Add(id);
            }
            ahead = position;
            return false;
        }
    }

    /// <summary>It is done, or does not want to come in any more.</summary>
    public void Leave(string id)
    {
        string[] next;
        lock (gate)
        {
            inside.Remove(id);
            waiting.Remove(id);
            next = [.. waiting.Take(places - inside.Count)];
        }
        foreach (var one in next)
            call(one);
    }
}
