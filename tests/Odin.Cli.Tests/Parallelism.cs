// Options are shared by all command trees of a process, and each tree becomes a parent of them: one tree at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
