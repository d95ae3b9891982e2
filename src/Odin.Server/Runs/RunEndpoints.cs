using System.ComponentModel;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Odin.Pipelines;
using Odin.Runs;
using Odin.Server.Auth;
using Odin.Server.Hosting;
using Odin.Storage;

namespace Odin.Server.Runs;

/// <summary>Runs over REST: list, show, submit, cancel, run again, clean up.</summary>
internal static class RunEndpoints
{
    public static void MapRuns(this IEndpointRouteBuilder v1)
    {
        var runs = v1.MapGroup("/pipelines").WithTags("Pipelines");
        runs.MapGet("/", ListAsync).WithName("ListPipelines").WithSummary("Lists runs, newest first");
        runs.MapGet("/{id}", ShowAsync).WithName("ShowPipeline").WithSummary("Shows one run")
            .Produces<PipelineAnswer>().ProducesProblem(StatusCodes.Status404NotFound);
        runs.MapPost("/", SubmitAsync).WithName("SubmitPipeline").WithSummary("Starts a run of a job")
            .WithDescription("The header 'Idempotency-Key' makes a repeated request answer with the run of the first one.")
            .Takes<SubmitRequest>("application/json").Produces<PipelineAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        runs.MapPost("/{id}/cancel", CancelAsync).WithName("CancelPipeline").WithSummary("Ends a run; its records stay")
            .Produces<PipelineAnswer>().ProducesProblem(StatusCodes.Status404NotFound);
        runs.MapPost("/{id}/rerun", RerunAsync).WithName("RerunPipeline")
            .WithSummary("Runs the same job at the same commit again, without the tasks that succeeded")
            .Takes<RerunRequest>("application/json").Produces<PipelineAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        runs.MapDelete("/{id}", CleanAsync).WithName("CleanPipeline")
            .WithSummary("Ends a run if it has not ended, and removes what is left of it")
            .Produces<CleanupList>().ProducesProblem(StatusCodes.Status404NotFound);
        v1.MapPost("/plans", PlanAsync).WithTags("Pipelines").WithName("PlanPipeline").WithSummary("Says what a run would do, without starting it")
            .Takes<SubmitRequest>("application/json").Produces<PlanAnswer>()
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> ListAsync(
        RunReader reader,
        [AsParameters] ListQuery query,
        CancellationToken cancellationToken)
    {
        if (query.Tasks == false)
        {
            var runs = await reader.ListAsync(query.ToFilter(), cancellationToken);
            return TypedResults.Ok(new PipelineList([.. runs.Items.Select(r => PipelineWire.From(r, null))], runs.Continue));
        }
        var page = await reader.ListWithTasksAsync(query.ToFilter(), cancellationToken);
        return TypedResults.Ok(new PipelineList([.. page.Items.Select(v => PipelineWire.From(v.Run, v.Tasks))], page.Continue));
    }

    private static async Task<IResult> ShowAsync(
        string id, RunReader reader, RunFeeds feeds, [Description("false: without tasks")] bool? tasks, CancellationToken cancellationToken)
    {
        if (tasks == false)
            return await reader.FindRunAsync(id, cancellationToken) is { } run ? Answer(run) : NoSuchRun(id);
        using var feed = feeds.Open(id);
        return await feed.ReadAsync(cancellationToken) is { } snapshot ? new RunAnswer(snapshot) : NoSuchRun(id);
    }

    private static async Task<IResult> SubmitAsync(
        HttpContext context, RunSubmitter submitter, [FromHeader(Name = "Idempotency-Key")] string? key, CancellationToken cancellationToken)
    {
        var request = await ReadRequestAsync(context, cancellationToken);
        // One user's key says nothing about another's.
        if (!string.IsNullOrEmpty(key))
        {
            request = key.Length <= 255
                ? request with { IdempotencyKey = $"{request.SubmittedBy}:{key}" }
                : throw new MalformedRequestException("The header 'Idempotency-Key' has more than 255 characters.");
        }
        return Answer(await submitter.SubmitAsync(request, cancellationToken));
    }

    private static async Task<IResult> CancelAsync(
        string id, HttpContext context, RunCanceller canceller, RunReader reader, CancellationToken cancellationToken) =>
        await canceller.CancelAsync(id, context.UserName() ?? "unknown", cancellationToken)
            && await reader.FindRunAsync(id, cancellationToken) is { } run
            ? Answer(run)
            : NoSuchRun(id);

    private static async Task<IResult> RerunAsync(string id, HttpContext context, RunSubmitter submitter, CancellationToken cancellationToken)
    {
        var body = context.Request.ContentLength is 0 or null && !context.Request.Headers.ContainsKey("Transfer-Encoding")
            ? []
            : await RequestBody.ReadObjectAsync(context.Request, cancellationToken);
        return Answer(await submitter.RerunAsync(id, body.Text("from"), context.UserName(), cancellationToken));
    }

    private static async Task<IResult> CleanAsync(
        string id, RunCleaner cleaner, [Description("also delete the records")] bool? db, [Description("also delete the workspace")] bool? fs, CancellationToken cancellationToken)
    {
        var rows = await cleaner.CleanAsync(id, db == true, fs == true, cancellationToken);
        return rows is null
            ? new NothingToClean(id)
            : TypedResults.Ok(new CleanupList([.. rows.Select(CleanupWire.From)]));
    }

    private static async Task<IResult> PlanAsync(HttpContext context, RunSubmitter submitter, CancellationToken cancellationToken) =>
        await submitter.PlanAsync(await ReadRequestAsync(context, cancellationToken), cancellationToken) switch
        {
            PlanResult.Planned planned => TypedResults.Ok(new PlanAnswer(PlanWire.From(planned.Plan))),
            PlanResult.Refused refused => Problem.Refused(refused.Diagnostics),
            PlanResult.NotFound missing => Problem.NotFound(missing.Message),
            PlanResult.Conflict conflict => Problem.Result(StatusCodes.Status409Conflict, conflict.Message),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };

    private static async Task<RunRequest> ReadRequestAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadObjectAsync(context.Request, cancellationToken);
        var pipeline = body.Unwrap("pipeline");
        return new RunRequest
        {
            Job = JobName.Decode(pipeline.RequiredText("job")),
            Commit = pipeline.Text("commit"),
            Parameters = (JsonObject?)body.Object("context")?.DeepClone(),
            From = body.Text("from"),
            NoCache = body.Flag("noCache"),
            SubmittedBy = context.UserName(),
        };
    }

    private static IResult Answer(SubmitResult result) => result switch
    {
        SubmitResult.Submitted submitted => TypedResults.Ok(new PipelineAnswer(PipelineWire.From(submitted.Run, null), [])
        {
            Warnings = submitted.Warnings.Count == 0 ? null : [.. submitted.Warnings.Select(ProblemItem.From)],
        }),
        SubmitResult.Refused refused => Problem.Refused(refused.Diagnostics),
        SubmitResult.NotFound missing => Problem.NotFound(missing.Message),
        SubmitResult.Conflict conflict => Problem.Result(StatusCodes.Status409Conflict, conflict.Message),
        _ => throw new InvalidOperationException(result.GetType().Name),
    };

    private static Ok<PipelineAnswer> Answer(Run run) => TypedResults.Ok(new PipelineAnswer(PipelineWire.From(run, null), []));

    internal static IResult NoSuchRun(string id) => Problem.NotFound($"There is no run '{id}'.");

    /// <summary>What to list.</summary>
    internal sealed record ListQuery
    {
        [FromQuery(Name = "q"), Description("only ids that contain this text, in either case")]
        public string? Text { get; init; }

        [FromQuery(Name = "status"), Description("only these, with commas between: BUILDING, RUNNING, DONE, TERMINATED, or Pending, Running, Succeeded, Failed, Cancelled")]
        public string? Status { get; init; }

        [FromQuery(Name = "job"), Description("only runs of this job")]
        public string? Job { get; init; }

        [FromQuery(Name = "limit"), Description("how many, 1 to 1000; default 50; fewer when they have many tasks: then 'continue' is set")]
        public int? Limit { get; init; }

        [FromQuery(Name = "offset"), Description("how many to leave out first; prefer 'continue'")]
        public int? Offset { get; init; }

        [FromQuery(Name = "continue"), Description("the 'continue' of the page before")]
        public string? Continue { get; init; }

        [FromQuery(Name = "order"), Description("'desc' (newest first, the default) or 'asc'")]
        public string? Order { get; init; }

        [FromQuery(Name = "tasks"), Description("false: without tasks")]
        public bool? Tasks { get; init; }

        public RunFilter ToFilter() => new()
        {
            Text = Text,
            Job = string.IsNullOrEmpty(Job) ? null : JobName.Decode(Job),
            Phases = PhaseNames.Parse(Status),
            Limit = Limit is null or (>= 1 and <= ResourceQuery.MaxLimit)
                ? Limit ?? ResourceQuery.DefaultLimit
                : throw Wrong("limit", $"a number from 1 to {ResourceQuery.MaxLimit}"),
            Offset = Offset is null or >= 0 ? Offset ?? 0 : throw Wrong("offset", "a number that is not negative"),
            Continue = string.IsNullOrEmpty(Continue) ? null : Continue,
            OldestFirst = Order switch
            {
                null or "" or "desc" => false,
                "asc" => true,
                _ => throw Wrong("order", "'asc' or 'desc'"),
            },
        };

        private static InvalidRequestException Wrong(string name, string expected) =>
            new(new ProblemItem("WrongValue", $"'{name}' must be {expected}.") { Location = name });
    }

    // The inherited client prints 'cleanups' without a look at the status, and crashes when it is missing or empty.
    private sealed class NothingToClean(string id) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var problem = Problem.Create(StatusCodes.Status404NotFound, $"There is no run '{id}'.");
            var answer = new CleanupProblem(problem.Detail, problem.Status, problem.Title, problem.Type, problem.Errors, [new CleanupWire(id, "No", "No", "No")]);
            return TypedResults.Json(answer, (System.Text.Json.JsonSerializerOptions?)null, "application/problem+json", answer.Status).ExecuteAsync(httpContext);
        }
    }
}
