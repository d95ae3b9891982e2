using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Odin.Server.Auth;
using Odin.Server.Hosting;
using Odin.Users;

namespace Odin.Server.Users;

/// <summary>Users over REST. Who has no roles, or the admin's, may manage all of them.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder v1)
    {
        var users = v1.MapGroup("/users").WithTags("Users");
        users.MapGet("/", ListAsync).WithName("ListUsers").WithSummary("Lists users").Produces<UserList>();
        users.MapGet("/{username}", ShowAsync).WithName("ShowUser").WithSummary("Shows a user")
            .Produces<UserAnswer>().ProducesProblem(StatusCodes.Status404NotFound);
        users.MapPost("/", CreateAsync).WithName("CreateUser").WithSummary("Creates a user")
            .Takes<CreateUserRequest>("application/json").Produces<UserAnswer>().ProducesProblem(StatusCodes.Status409Conflict);
        users.MapPut("/{username}", UpdateAsync).WithName("UpdateUser").WithSummary("Changes a user; empty members keep the old value, and a password ends the tokens there are")
            .Takes<UserWire>("application/json").Produces<UserAnswer>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        users.MapDelete("/{username}", DeleteAsync).WithName("DeleteUser").WithSummary("Deletes a user; tokens of theirs end")
            .Produces<UserAnswer>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> ListAsync(string? q, UserAccounts accounts, CancellationToken cancellationToken) =>
        TypedResults.Ok(new UserList([.. (await accounts.ListAsync(q, cancellationToken)).Select(UserWire.From)]));

    private static async Task<IResult> ShowAsync(string username, UserAccounts accounts, CancellationToken cancellationToken) =>
        Answer(username, await accounts.FindAsync(username, cancellationToken));

    private static async Task<IResult> CreateAsync(HttpContext context, UserAccounts accounts, CancellationToken cancellationToken)
    {
        var user = (await RequestBody.ReadObjectAsync(context.Request, cancellationToken)).Unwrap("user");
        var name = user.RequiredText("username");
        if (!UserNames.IsValid(name))
            throw new InvalidRequestException(new ProblemItem("WrongValue", UserNames.Rule) { Location = "user.username" });
        var password = Password(user) ?? throw new InvalidRequestException(new ProblemItem("Missing", "'password' is missing.") { Location = "user.password" });
        return Answer(name, await accounts.CreateAsync(name, new UserChange(password, user.Text("firstname"), user.Text("lastname")) { Roles = Roles(user) }, cancellationToken));
    }

    private static async Task<IResult> UpdateAsync(string username, HttpContext context, UserAccounts accounts, CancellationToken cancellationToken)
    {
        var user = (await RequestBody.ReadObjectAsync(context.Request, cancellationToken)).Unwrap("user");
        var change = new UserChange(Password(user), user.Text("firstname"), user.Text("lastname")) { Roles = Roles(user) };
        return Answer(username, await accounts.UpdateAsync(username, change, cancellationToken));
    }

    private static async Task<IResult> DeleteAsync(string username, UserAccounts accounts, ILoggerFactory loggers, HttpContext context, CancellationToken cancellationToken)
    {
        var outcome = await accounts.DeleteAsync(username, cancellationToken);
        if (outcome is AccountOutcome.Done)
            UserLog.Deleted(loggers.CreateLogger(typeof(UserEndpoints)), username, context.UserName());
        return Answer(username, outcome);
    }

    private static string? Password(JsonObject user) => user.Text("password") switch
    {
        null or "" => null,
        { Length: > PasswordHasher.MaxLength } => throw new InvalidRequestException(
            new ProblemItem("WrongValue", $"A password has at most {PasswordHasher.MaxLength} characters.") { Location = "password" }),
        var password => password,
    };

    // None at all would be everything to one reader and nothing to another.
    private static List<string>? Roles(JsonObject user)
    {
        if (user.Member("roles") is not { } node)
            return null;
        var names = (node as JsonArray)?.Select(n => n is JsonValue value && value.TryGetValue<string>(out var name) ? name : "").Distinct().ToList();
        return names is not null && RoleNames.AreValid(names) ? names : throw new InvalidRequestException(new ProblemItem("WrongValue", RoleNames.Rule) { Location = "user.roles" });
    }

    private static IResult Answer(string name, AccountOutcome outcome) => outcome switch
    {
        AccountOutcome.Done(var user) => Answer(name, user),
        AccountOutcome.OnlyAdmin => Problem.Result(
            StatusCodes.Status409Conflict, $"'{name}' is the only user who may do everything; without one nobody could manage this server. Create another one first, without roles."),
        _ => Answer(name, (User?)null),
    };

    private static IResult Answer(string name, User? user) => user is null
        ? Problem.NotFound($"There is no user '{name}'.")
        : TypedResults.Ok(new UserAnswer(UserWire.From(user)));
}

/// <summary>A user as the REST API shows it.</summary>
/// <param name="Password">Only sent to the server; always null in answers.</param>
public sealed record UserWire(string Username, string? Password, string? Firstname, string? Lastname)
{
    /// <summary>Names of roles; absent: everything is allowed, and in changes: they stay as they are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Roles { get; init; }

    internal static UserWire From(User user) => new(user.Name, null, user.Spec.FirstName, user.Spec.LastName) { Roles = user.Spec.Roles };

    public override string ToString() => $"UserWire {{ Username = {Username} }}";
}

/// <summary>Users.</summary>
public sealed record UserList(IReadOnlyList<UserWire> Users);

/// <summary>One user.</summary>
public sealed record UserAnswer(UserWire User);

/// <summary>A wish for a new user; also accepted without the wrapper.</summary>
public sealed record CreateUserRequest(UserWire User);

internal static partial class UserLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "User '{User}' was deleted by '{By}'")]
    public static partial void Deleted(ILogger logger, string user, string? by);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UserList))]
[JsonSerializable(typeof(UserAnswer))]
[JsonSerializable(typeof(CreateUserRequest))]
internal sealed partial class UserWireJson : JsonSerializerContext;
