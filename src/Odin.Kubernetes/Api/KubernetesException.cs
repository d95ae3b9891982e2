using System.Net;

namespace Odin.Kubernetes.Api;

/// <summary>One of several reasons that the server gives for a refusal.</summary>
public sealed record StatusCause
{
    public string Reason { get; init => field = value ?? ""; } = "";

    /// <summary>The path of the field that is wrong, <c>spec.containers[0].image</c>; empty when it is none.</summary>
    public string Field { get; init => field = value ?? ""; } = "";

    public string Message { get; init => field = value ?? ""; } = "";
}

/// <summary>
/// The server said no. The message has the server's words, the causes that they leave out, and what to do where that is known.
/// </summary>
public sealed class KubernetesException(HttpStatusCode statusCode, string reason, string message, IReadOnlyList<StatusCause> causes, bool namesObject)
    : Exception(message)
{
    public HttpStatusCode StatusCode { get; } = statusCode;

    /// <summary>The server's word for it: <c>Forbidden</c>, <c>AlreadyExists</c>, <c>Invalid</c>; empty when it gave none.</summary>
    public string Reason { get; } = reason;

    public IReadOnlyList<StatusCause> Causes { get; } = causes;

    /// <summary>There is no such object (or no such namespace to make it in).</summary>
    public bool IsNotFound => StatusCode == HttpStatusCode.NotFound && namesObject;

    /// <summary>The server does not know this kind in this version: a custom resource definition is not installed, or not yet loaded.</summary>
    public bool IsUnknownResource => StatusCode == HttpStatusCode.NotFound && !namesObject;

    public bool IsAlreadyExists => StatusCode == HttpStatusCode.Conflict && Reason == "AlreadyExists";

    /// <summary>Somebody else has changed it since it was read, or it is another one: read it again.</summary>
    public bool IsConflict => StatusCode == HttpStatusCode.Conflict && !IsAlreadyExists;

    /// <summary>Not allowed by role; the message names verb and resource.</summary>
    public bool IsForbiddenByRole => IsForbidden && Message.Contains(" cannot ", StringComparison.Ordinal) && Message.Contains(" resource ", StringComparison.Ordinal);

    /// <summary>Refused only because the server has just started and does not know yet what it will allow.</summary>
    public bool IsNotReady => IsForbidden
        && (Message.Contains("not yet ready to handle request", StringComparison.Ordinal) || Message.Contains("caches not synchronized", StringComparison.Ordinal));

    /// <summary>Not allowed: by role, by quota or by an admission rule; the message says which.</summary>
    public bool IsForbidden => StatusCode == HttpStatusCode.Forbidden;

    public bool IsUnauthorized => StatusCode == HttpStatusCode.Unauthorized;

    public bool IsInvalid => StatusCode == HttpStatusCode.UnprocessableEntity;

    /// <summary>What was asked for lies too far back; list again.</summary>
    public bool IsGone => StatusCode == HttpStatusCode.Gone;

    public bool IsTooManyRequests => StatusCode == HttpStatusCode.TooManyRequests;
}
