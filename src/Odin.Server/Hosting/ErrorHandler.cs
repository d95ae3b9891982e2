using Microsoft.AspNetCore.Diagnostics;
using Odin.Connections;
using Odin.Execution;
using Odin.Git;
using Odin.ObjectStorage;
using Odin.Pipelines;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Hosting;

/// <summary>The one place that turns exceptions into answers.</summary>
internal sealed partial class ErrorHandler(ILogger<ErrorHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
            return true;

        var (status, detail, items) = Describe(exception);
        if (status == StatusCodes.Status500InternalServerError)
            LogUnexpected(logger, exception, httpContext.Request.Method, httpContext.Request.Path);
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            LogUnavailable(logger, detail);
            httpContext.Response.Headers.RetryAfter = "5";
        }
        await Problem.WriteAsync(httpContext, status, detail, items);
        return true;
    }

    /// <summary>The table: status, sentence and items for each exception that can leave a handler.</summary>
    internal static (int Status, string Detail, IReadOnlyList<ProblemItem>? Items) Describe(Exception exception) => exception switch
    {
        _ when DiskTrouble.Describe(exception) is { } trouble => (StatusCodes.Status503ServiceUnavailable, trouble, null),
        LifecycleException e => (e.Status, e.Message, null),
        SecretsUnavailableException => (StatusCodes.Status503ServiceUnavailable, exception.Message, null),
        InvalidRequestException e => (StatusCodes.Status422UnprocessableEntity, e.Message, e.Items),
        MalformedRequestException e => (StatusCodes.Status400BadRequest, e.Message, null),
        BadHttpRequestException e when BadParameter.Describe(e) is { } item => (StatusCodes.Status422UnprocessableEntity, item.Message, [item]),
        BadHttpRequestException e => (e.StatusCode, e.Message, null),
        InvalidDataException e => (StatusCodes.Status400BadRequest, e.Message, null),
        InvalidQueryException e => (StatusCodes.Status400BadRequest, e.Message, null),
        ResourceNotFoundException e => (StatusCodes.Status404NotFound, e.Message, null),
        ResourceAlreadyExistsException e => (StatusCodes.Status409Conflict, e.Message, null),
        ResourceConflictException e => (StatusCodes.Status409Conflict, e.Message + " Read it again and repeat the request.", null),
        InvalidJobPathException or JobCheckoutException => (StatusCodes.Status400BadRequest, exception.Message, null),
        JobRevisionNotFoundException or JobNotFoundException => (StatusCodes.Status404NotFound, exception.Message, null),
        JobAlreadyExistsException or GitRefusedException => (StatusCodes.Status409Conflict, exception.Message, null),
        FilesNotRemovedException => (StatusCodes.Status409Conflict, exception.Message, null),
        JobFileTooLargeException => (StatusCodes.Status413PayloadTooLarge, exception.Message, null),
        // Not 5xx for what will not pass: clients of the inherited API would go on trying.
        ObjectNotFoundException => (StatusCodes.Status404NotFound, exception.Message, null),
        ObjectStorageException e => (e.IsPassing ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status409Conflict, e.Message, null),
        GitUnavailableException or GitBranchMissingException => (StatusCodes.Status503ServiceUnavailable, exception.Message, null),
        ExecutorUnavailableException => (StatusCodes.Status503ServiceUnavailable, exception.Message, null),
        ExecutorRefusedException e => (e.IsCallersMistake ? StatusCodes.Status400BadRequest : StatusCodes.Status502BadGateway, e.Message, null),
        TimeoutException => (StatusCodes.Status503ServiceUnavailable, exception.Message, null),
        StoreUnavailableException => (
            StatusCodes.Status503ServiceUnavailable, "The database cannot be reached at the moment. Try again in a few seconds.", null),
        // The text of an unexpected exception may tell what is nobody's business; it is in the log.
        _ => (StatusCodes.Status500InternalServerError, "Something went wrong in the server. Its log says what.", null),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected error in {Method} {Path}")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Answered 503: {Detail}")]
    private static partial void LogUnavailable(ILogger logger, string detail);
}
