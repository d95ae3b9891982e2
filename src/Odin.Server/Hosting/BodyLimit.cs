namespace Odin.Server.Hosting;

/// <summary>
/// Answers 413 to bodies over <c>max_body</c>. Kestrel's own limit breaks the connection with the answer, so that a client
/// that is still sending reads of a broken pipe and not of what was wrong; after ours Kestrel throws away what still comes,
/// for five seconds at most.
/// </summary>
internal sealed class BodyLimit(RequestDelegate next, ServerOptions options)
{
    public Task InvokeAsync(HttpContext context)
    {
        // Layers of images are of any size, go straight to the disk, and come only from users.
        if (context.Request.Path.StartsWithSegments("/v2"))
            return next(context);
        if (context.Request.ContentLength > options.MaxBodyBytes)
            throw LimitedStream.TooLarge(options.MaxBodyBytes);
        context.Request.Body = new LimitedStream(context.Request.Body, options.MaxBodyBytes);
        return next(context);
    }
}
