namespace Odin.Pipelines;

/// <summary>A job's or file's name is malformed, or leads out of the place that it is meant to be in. The client's mistake.</summary>
public sealed class InvalidJobPathException(string message) : Exception(message);

/// <summary>There is a job of that name already.</summary>
public sealed class JobAlreadyExistsException(string job)
    : Exception($"The job '{job}' exists already: choose another name, or change its files.")
{
    public string Job { get; } = job;
}

/// <summary>There is no job of that name to write to.</summary>
public sealed class JobNotFoundException(string job)
    : Exception($"There is no job '{job}'. 'odin jobs' lists those that there are; 'odin push {job} DIR --create' makes a new one.")
{
    public string Job { get; } = job;
}

/// <summary>A file is larger than the catalog takes.</summary>
public sealed class JobFileTooLargeException(string file, long limit)
    : Exception($"The file '{file}' is larger than {limit} bytes: keep data out of the repository and let a task fetch it.")
{
    public string File { get; } = file;

    public long Limit { get; } = limit;
}

/// <summary>No branch, tag or commit of that name is known.</summary>
public sealed class JobRevisionNotFoundException(string revision, string message) : Exception(message)
{
    public string Revision { get; } = revision;
}

/// <summary>The commit cannot be laid out on the disk for this job: a link that leads out, too large, a name that no disk takes.</summary>
public sealed class JobCheckoutException(string message) : Exception(message);
