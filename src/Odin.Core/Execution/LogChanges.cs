namespace Odin.Execution;

/// <summary>
/// Tells readers when a log may have grown. All readers of a group share one watch of the file system, of which a
/// machine has few; where there is none left they look by themselves, more often.
/// </summary>
internal sealed class LogChanges(string directory)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, GroupWatch> groups = [];

    /// <summary>Tells of changes of one log.</summary>
    public Subscription Subscribe(LogKey key) => Subscribe(key.Execution.Group, key.RelativePath);

    /// <summary>Tells of changes of the logs of an execution's parts.</summary>
    public Subscription SubscribeParts(ExecutionKey key) => Subscribe(key.Group, LogKey.DirectoryOf(key) + Path.DirectorySeparatorChar);

    private Subscription Subscribe(string name, string path)
    {
        lock (gate)
        {
            if (!groups.TryGetValue(name, out var group))
                groups[name] = group = new GroupWatch(Path.Combine(directory, name));
            var subscription = new Subscription(this, name, path, group.IsWatching);
            group.Add(subscription);
            return subscription;
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (gate)
        {
            if (!groups.TryGetValue(subscription.Group, out var group) || !group.Remove(subscription))
                return;
            groups.Remove(subscription.Group);
            group.Dispose();
        }
    }

    /// <param name="path">A file, or a directory with a slash at its end, relative to that of the group.</param>
    internal sealed class Subscription(LogChanges owner, string group, string path, bool watched) : IDisposable
    {
        // Also with a watch: it may lose events, and the directory may be deleted and made again.
        private readonly TimeSpan patience = watched ? TimeSpan.FromSeconds(1) : TimeSpan.FromMilliseconds(200);
        private readonly SemaphoreSlim signal = new(0, 1);

        public string Group { get; } = group;

        public bool IsAbout(string changed) =>
            path.EndsWith(Path.DirectorySeparatorChar) ? changed.StartsWith(path, StringComparison.Ordinal) : changed == path;

        /// <summary>Returns when the log has changed, when <paramref name="ended"/> has completed, or after a while.</summary>
        public Task WaitAsync(Task ended, CancellationToken cancellationToken) =>
            Task.WhenAny(signal.WaitAsync(patience, cancellationToken), ended);

        public void Pulse()
        {
            lock (signal)
            {
                if (signal.CurrentCount == 0)
                    signal.Release();
            }
        }

        public void Dispose() => owner.Remove(this);
    }

    private sealed class GroupWatch : IDisposable
    {
        private readonly FileSystemWatcher? watcher;
        private readonly Lock gate = new();
        private readonly List<Subscription> subscriptions = [];

        public GroupWatch(string path)
        {
            try
            {
                Directory.CreateDirectory(path);
                watcher = new FileSystemWatcher(path, "*.log")
                {
                    IncludeSubdirectories = true,
                    NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Size,
                };
                watcher.Changed += (_, change) => Pulse(change.Name);
                watcher.Created += (_, change) => Pulse(change.Name);
                watcher.EnableRaisingEvents = true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                watcher?.Dispose();
                watcher = null;
            }
        }

        public bool IsWatching => watcher is not null;

        public void Add(Subscription subscription)
        {
            lock (gate)
                subscriptions.Add(subscription);
        }

        /// <summary>True if it was the last one.</summary>
        public bool Remove(Subscription subscription)
        {
            lock (gate)
            {
                subscriptions.Remove(subscription);
                return subscriptions.Count == 0;
            }
        }

        public void Dispose() => watcher?.Dispose();

        private void Pulse(string? name)
        {
            lock (gate)
            {
                foreach (var subscription in subscriptions)
                {
                    if (name is not null && subscription.IsAbout(name))
                        subscription.Pulse();
                }
            }
        }
    }
}
