namespace Odin.Deployments;

/// <summary>A deployment cannot be brought up as it is.</summary>
/// <param name="reason">One of <see cref="DeploymentReasons"/>.</param>
internal sealed class DeploymentFailedException(string reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Reason { get; } = reason;
}
