namespace Odin.Pipelines;

/// <summary>A job as it was at one commit, on the disk, read-only by convention and shared by the runs of that commit.</summary>
/// <param name="Job">With slashes: <c>team/wine</c>.</param>
/// <param name="Commit">Full SHA; null when there is no repository (<c>odin run --local</c>, embedding).</param>
/// <param name="RootPath">The checked-out repository, absolute.</param>
/// <param name="WorkPath">The directory of the job in it, absolute.</param>
public sealed record JobCheckout(string Job, string? Commit, string RootPath, string WorkPath);
