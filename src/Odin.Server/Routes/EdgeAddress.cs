using Odin.Server.Lifecycle;

namespace Odin.Server.Routes;

/// <summary>The address under which clients reach models: the setting's, else the one by which the request at hand has come.</summary>
internal sealed class EdgeAddress(LifecycleOptions options, IHttpContextAccessor context)
{
    /// <summary><c>http</c> or <c>https</c>.</summary>
    public string Scheme => options.EdgeUrl is { } url ? new Uri(url).Scheme : context.HttpContext?.Request is { } request ? SchemeOf(request) : "";

    /// <summary>The whole address of a prefix.</summary>
    public string Of(string prefix)
    {
        var address = options.EdgeUrl ?? (context.HttpContext?.Request is { } request ? $"{SchemeOf(request)}://{request.Host}" : "");
        return address + prefix;
    }

    // A proxy that ends TLS says so; whoever else does only gets a wrong address in their own answer.
    private static string SchemeOf(HttpRequest request) => request.Headers["X-Forwarded-Proto"].ToString() is "https" ? "https" : request.Scheme;
}
