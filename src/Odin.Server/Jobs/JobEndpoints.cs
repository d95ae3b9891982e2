using System.ComponentModel;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Pipelines;
using Odin.Runs;
using Odin.Server.Auth;
using Odin.Server.Hosting;

namespace Odin.Server.Jobs;

/// <summary>Jobs and their files over REST. In every id <c>__</c> stands for a slash.</summary>
internal static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder v1)
    {
        var jobs = v1.MapGroup("/jobs").WithTags("Jobs");
        jobs.MapGet("/", ListAsync).WithName("ListJobs").WithSummary("Lists jobs")
            .WithDescription("q: the beginning of a name, or a pattern with *, ? and […].").Produces<JobList>();
        jobs.MapGet("/{id}", ShowAsync).WithName("ShowJob").WithSummary("Shows a job with its tasks and files")
            .Produces<JobAnswer>().ProducesProblem(StatusCodes.Status404NotFound);
        jobs.MapPost("/", CreateAsync).WithName("CreateJob").WithSummary("Creates a job without tasks")
            .Takes<CreateJobRequest>("application/json").Produces<JobAnswer>().ProducesProblem(StatusCodes.Status409Conflict);
        jobs.MapPut("/{id}", ReplaceAsync).WithName("ReplaceJob").WithSummary("Replaces the tasks of a job, and files of it")
            .Takes<ReplaceJobRequest>("application/json").Produces<JobAnswer>().ProducesProblem(StatusCodes.Status400BadRequest);
        jobs.MapGet("/{id}/files/{file}", ReadFileAsync).WithName("ReadJobFile").WithSummary("Downloads a file of a job")
            .WithDescription("As it is, or as a JSON string when the header Accept asks for 'application/json'.")
            .Produces<string>(StatusCodes.Status200OK, "text/plain", "application/json").ProducesProblem(StatusCodes.Status404NotFound);
        jobs.MapPost("/{id}/files/{file}", WriteFileAsync).WithName("WriteJobFile").WithSummary("Uploads a file of a job")
            .Takes<string>("text/plain").Produces<UploadAnswer>();
        jobs.MapPut("/{id}/files", WriteFilesAsync).WithName("WriteJobFiles").WithSummary("Uploads many files of a job as one commit")
            .WithDescription("The body is a tar archive, also with directories; whether a file is executable is kept. Links and devices are refused.")
            .Takes<Stream>(JobArchive.ContentType).Produces<ArchiveAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> ListAsync(
        string? q, PipelineCatalog catalog, PipelineParserOptions options, CancellationToken cancellationToken)
    {
        var jobs = await catalog.FindAllAsync(string.IsNullOrEmpty(q) ? null : JobRoute.Decode(q), cancellationToken);
        return TypedResults.Ok(new JobList([.. jobs.Select(j => JobWire.From(j, options))]));
    }

    private static async Task<IResult> ShowAsync(
        string id, PipelineCatalog catalog, PipelineParserOptions options, CancellationToken cancellationToken) =>
        await catalog.FindAsync(JobRoute.Decode(id), cancellationToken) is { } job
            ? TypedResults.Ok(new JobAnswer(JobWire.From(job, options)))
            : NoSuchJob(id);

    private static async Task<IResult> CreateAsync(
        HttpContext context, PipelineCatalog catalog, PipelineParserOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = (await RequestBody.ReadObjectAsync(context.Request, cancellationToken)).Unwrap("job");
        var job = await catalog.CreateAsync(JobRoute.Decode(body.RequiredText("name")), context.UserName(), cancellationToken);
        return TypedResults.Ok(new JobAnswer(JobWire.From(job, options) with
        {
            Location = job.DirectoryLocation,
            CreationTime = InheritedStatus.Time(time.GetUtcNow()),
        }));
    }

    private static async Task<IResult> ReplaceAsync(
        string id, HttpContext context, PipelineCatalog catalog, PipelineParserOptions options, CancellationToken cancellationToken)
    {
        var name = JobRoute.Decode(id);
        var body = (await RequestBody.ReadObjectAsync(context.Request, cancellationToken)).Unwrap("job");
        if (body.Member("tasks") is not JsonArray tasks)
            throw new InvalidRequestException(new ProblemItem("Missing", "'tasks' must be a list of tasks.") { Location = "tasks" });
        if (await catalog.FindAsync(name, cancellationToken) is not { } present)
            return NoSuchJob(id);

        var text = JobDraft.MainYml(tasks, present, options);
        if (tasks.Count > 0 && PipelineParser.Parse(text, PipelineParser.FileName, options) is { Pipeline: null } refused)
            return Problem.Refused(refused.Diagnostics);
        var files = JobDraft.Files(body.Member("configs"));
        var job = await catalog.ReplaceAsync(name, text, files, context.UserName(), cancellationToken);
        return TypedResults.Ok(new JobAnswer(JobWire.From(job, options)));
    }

    private static async Task<IResult> ReadFileAsync(
        string id, string file, HttpContext context, PipelineCatalog catalog, CancellationToken cancellationToken)
    {
        if (await catalog.ReadFileAsync(JobRoute.Decode(id), JobRoute.DecodeFile(file), cancellationToken) is not { } found)
            return Problem.NotFound($"There is no file '{file}' in a job '{JobRoute.Decode(id)}'.");
        var asJson = context.Request.GetTypedHeaders().Accept
            .Any(a => a.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase));
        if (asJson)
            return TypedResults.Ok(Encoding.UTF8.GetString(found.Content.Span));
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.Bytes(found.Content, "text/plain; charset=utf-8");
    }

    private static async Task<IResult> WriteFileAsync(
        string id, string file, HttpContext context, PipelineCatalog catalog, CancellationToken cancellationToken)
    {
        var written = await catalog.WriteFileAsync(JobRoute.Decode(id), JobRoute.DecodeFile(file), context.Request.Body, context.UserName(), cancellationToken);
        return TypedResults.Ok(new UploadAnswer(written.Bytes, written.Location));
    }

    private static async Task<IResult> WriteFilesAsync(
        string id,
        HttpContext context,
        PipelineCatalog catalog,
        PipelineCatalogOptions limits,
        [Description("true: make the job, which must not exist yet")] bool? create,
        [Description("true: remove files of the job that are not in the archive")] bool? prune,
        CancellationToken cancellationToken)
    {
        var files = JobArchive.ReadAsync(context.Request.Body, limits.MaxFileBytes, cancellationToken);
        var how = new JobUploadOptions(create == true, prune == true);
        var written = await catalog.WriteFilesAsync(JobRoute.Decode(id), files, how, context.UserName(), cancellationToken);
        return TypedResults.Ok(new ArchiveAnswer(written.Bytes, written.Location, written.Files, written.Removed, written.Commit, written.IsChanged));
    }

    private static IResult NoSuchJob(string id) => Problem.NotFound($"There is no job '{JobRoute.Decode(id)}'.");
}

/// <summary>Names of jobs and files as they stand in paths.</summary>
internal static class JobRoute
{
    /// <summary>With slashes, whether they came as <c>__</c> or as <c>%2F</c>.</summary>
    public static string Decode(string id) => JobName.Decode(DecodeFile(id));

    // The server leaves this one escape sequence in a path, lest it be taken for a border; in a name it is one.
    public static string DecodeFile(string file) => file.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
