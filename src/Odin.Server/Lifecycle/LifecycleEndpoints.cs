using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Server.Hosting;

namespace Odin.Server.Lifecycle;

/// <summary>The five requests that every noun of the inherited API has.</summary>
internal static class LifecycleEndpoints
{
    private const int LongestWarning = 300;

    /// <summary>Maps list, show, create, replace and delete.</summary>
    /// <param name="path">Below <c>/api/v1</c>.</param>
    /// <param name="name">Of the kind, for the description; null: it is a second name of something, and not described.</param>
    /// <param name="isEnabled">False: all but reading is refused.</param>
    /// <param name="canReplace">False: what is made stays as it is.</param>
    public static RouteGroupBuilder MapNoun<TNoun>(this RouteGroupBuilder api, string path, string? name, bool isEnabled, bool canReplace = true)
        where TNoun : ILifecycleNoun
    {
        var group = api.MapGroup(path);
        if (!isEnabled)
            group.AddEndpointFilter(RefuseWritesAsync);
        // Delegates rather than the methods: the framework's analyzer cannot look at generic ones.
        Func<HttpContext, TNoun, CancellationToken, Task<IResult>> list = ListAsync, create = CreateAsync, replace = ReplaceAsync;
        Func<string, TNoun, CancellationToken, Task<IResult>> show = ShowAsync, delete = DeleteAsync;
        Describe(group.MapGet("/", list), name, "List").Produces<JsonArray>();
        Describe(group.MapGet("/{id}", show), name, "Show").Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
        Describe(group.MapPost("/", create), name, "Create").Takes<JsonObject>("application/json").Produces<JsonObject>(StatusCodes.Status201Created)
            .Produces<LifecycleMessage>(StatusCodes.Status400BadRequest).Produces<LifecycleMessage>(StatusCodes.Status409Conflict);
        if (canReplace)
        {
            Describe(group.MapPut("/", replace), name, "Replace").Takes<JsonObject>("application/json").Produces<JsonObject>()
                .Produces<LifecycleMessage>(StatusCodes.Status400BadRequest).Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
        }
        Describe(group.MapDelete("/{id}", delete), name, "Delete").Produces<LifecycleMessage>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
        return group;
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder builder, string? noun, string verb) => noun is null
        ? builder.ExcludeFromDescription()
        : builder.WithTags("Model lifecycle").WithName(verb + noun).WithSummary(verb == "List" ? $"{noun}: list" : $"{noun}: {verb.ToLowerInvariant()} one");

    private static ValueTask<object?> RefuseWritesAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        HttpMethods.IsGet(context.HttpContext.Request.Method) ? next(context) : throw LifecycleException.BadRequest("This API is disabled");

    private static async Task<IResult> ListAsync<TNoun>(HttpContext context, TNoun noun, CancellationToken cancellationToken)
        where TNoun : ILifecycleNoun
    {
        var (page, total) = await noun.ListAsync(context.Request.Query, cancellationToken);
        return Answer(context, page, total);
    }

    private static async Task<IResult> ShowAsync<TNoun>(string id, TNoun noun, CancellationToken cancellationToken)
        where TNoun : ILifecycleNoun =>
        Answer(await noun.ShowAsync(id, cancellationToken));

    private static async Task<IResult> CreateAsync<TNoun>(HttpContext context, TNoun noun, CancellationToken cancellationToken)
        where TNoun : ILifecycleNoun =>
        await StoreAsync(context, noun.CreateAsync, StatusCodes.Status201Created, cancellationToken);

    private static async Task<IResult> ReplaceAsync<TNoun>(HttpContext context, TNoun noun, CancellationToken cancellationToken)
        where TNoun : ILifecycleNoun =>
        await StoreAsync(context, noun.ReplaceAsync, StatusCodes.Status200OK, cancellationToken);

    // The inherited clients send more than is known, so they are warned at most.
    private static async Task<IResult> StoreAsync(HttpContext context, Func<WireObject, bool, CancellationToken, Task<JsonNode>> store, int status, CancellationToken cancellationToken)
    {
        var isStrict = context.Request.Query["fieldValidation"].ToString().Equals("Strict", StringComparison.OrdinalIgnoreCase);
        var body = await WireObject.ReadAsync(context.Request, cancellationToken);
        var answer = await store(body, isStrict, cancellationToken);
        foreach (var unknown in body.FindUnknown())
            context.Response.Headers.Append("Warning", $"299 - \"{Printable(unknown)}\"");
        return Answer(answer, status);
    }

    // A header takes no line breaks and no quotes of somebody's.
    private static string Printable(string text) => new([.. text.Take(LongestWarning).Select(c => c is >= ' ' and <= '~' and not ('"' or '\\') ? c : '?')]);

    private static async Task<IResult> DeleteAsync<TNoun>(string id, TNoun noun, CancellationToken cancellationToken)
        where TNoun : ILifecycleNoun =>
        Message(await noun.DeleteAsync(id, cancellationToken));

    /// <summary>A page of a list, with how many there are on all pages.</summary>
    internal static IResult Answer(HttpContext context, JsonArray page, int total)
    {
        context.Response.Headers["X-Total-Count"] = total.ToString(CultureInfo.InvariantCulture);
        return Answer(page);
    }

    internal static IResult Answer(JsonNode body, int status = StatusCodes.Status200OK) => Results.Text(body.ToJsonString(), "application/json", Encoding.UTF8, status);

    internal static IResult Message(string text, int status = StatusCodes.Status200OK) => Answer(new JsonObject { ["message"] = text }, status);
}
