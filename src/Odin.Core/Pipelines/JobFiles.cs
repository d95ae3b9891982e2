namespace Odin.Pipelines;

/// <summary>A job, for lists.</summary>
/// <param name="Name">With slashes.</param>
/// <param name="Location">Of its <c>main.yml</c>: a path, or the remote's URL with the path behind it.</param>
/// <param name="Commit">The full SHA that it was seen at.</param>
public sealed record JobSummary(string Name, string Location, string Commit);

/// <summary>A job with the text of its definition and of its configuration files.</summary>
/// <param name="Location">Of its <c>main.yml</c>: a path, or the remote's URL with the path behind it.</param>
/// <param name="DirectoryLocation">Of its directory, likewise.</param>
/// <param name="MainYml">At most the first MiB (an option), see <paramref name="IsTruncated"/>.</param>
/// <param name="Configs">Files beside it whose names end as configuration and program files do, by name.</param>
public sealed record JobFiles(
    string Name, string Location, string DirectoryLocation, string Commit, string MainYml, bool IsTruncated, IReadOnlyList<JobConfigFile> Configs);

/// <summary>A file that is shown with its job.</summary>
/// <param name="Content">As UTF-8; at most the first MiB (an option).</param>
public sealed record JobConfigFile(string Name, string Location, string Content, bool IsTruncated);

/// <summary>A file of a job, as it is at the head.</summary>
public sealed record JobFileContent(string Name, string Location, string Commit, ReadOnlyMemory<byte> Content);

/// <summary>The outcome of an upload.</summary>
/// <param name="Location"><c>{location of the file}@{commit}</c>, as clients show it.</param>
/// <param name="Commit">The new commit, or the head if the file was like this already.</param>
/// <param name="IsChanged">Whether there was anything to commit.</param>
public sealed record FileWritten(long Bytes, string Location, string Commit, bool IsChanged);

/// <summary>A file of a job that is to be written.</summary>
/// <param name="Path">From the job's directory, with slashes.</param>
public sealed record JobUploadFile(string Path, bool IsExecutable, ReadOnlyMemory<byte> Content);

/// <summary>What an upload of many files may do.</summary>
/// <param name="Create">There must be no such job yet; otherwise there must be one.</param>
/// <param name="Prune">Files of the job that are not in the upload are removed. Jobs below it stay.</param>
public sealed record JobUploadOptions(bool Create, bool Prune);

/// <summary>The outcome of an upload of many files.</summary>
/// <param name="Location"><c>{location of the directory}@{commit}</c>.</param>
/// <param name="Commit">The new commit, or the head if everything was like this already.</param>
/// <param name="Removed">Paths from the job's directory.</param>
public sealed record FilesWritten(int Files, long Bytes, IReadOnlyList<string> Removed, string Location, string Commit, bool IsChanged);

/// <summary>What the catalog stands on.</summary>
/// <param name="Root">The directory or the URL of the repository, without credentials.</param>
/// <param name="Commit">The head of the branch as it was last seen; null: empty, or never seen.</param>
/// <param name="IsDirty">Always false: the catalog has no work tree that could be.</param>
/// <param name="IsReachable">Whether the repository answered when last asked.</param>
/// <param name="AsOf">When the repository was last known to be like this; null: never.</param>
/// <param name="Warning">What is wrong, for people; null: nothing.</param>
public sealed record PipelineCatalogStatus(
    string Root, string Branch, string? Commit, bool IsDirty, bool IsReachable, DateTimeOffset? AsOf, string? Warning);
