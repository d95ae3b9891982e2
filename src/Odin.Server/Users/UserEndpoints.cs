using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Odin.Server.Auth;
using Odin.Server.Hosting;
using Odin.Users;

namespace Odin.Server.Users;

/// <summary>Users over REST. There are no roles: every user may manage all of them.</summary>
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
            .Takes<UserWire>("application/json").Produces<UserAnswer>().ProducesProblem(StatusCodes.Status404NotFound);
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
        return Answer(name, await accounts.CreateAsync(name, password, user.Text("firstname"), user.Text("lastname"), cancellationToken));
    }

    private static async Task<IResult> UpdateAsync(string username, HttpContext context, UserAccounts accounts, CancellationToken cancellationToken)
    {
        var user = (await RequestBody.ReadObjectAsync(context.Request, cancellationToken)).Unwrap("user");
        var change = new UserChange(Password(user), user.Text("firstname"), user.Text("lastname"));
        return Answer(username, await accounts.UpdateAsync(username, change, cancellationToken));
    }

    private static async Task<IResult> DeleteAsync(string username, UserAccounts accounts, ILoggerFactory loggers, HttpContext context, CancellationToken cancellationToken)
    {
        switch (await accounts.DeleteAsync(username, cancellationToken))
        {
            case UserDeletion.Deleted(var user):
                UserLog.Deleted(loggers.CreateLogger(typeof(UserEndpoints)), username, context.UserName());
                return Answer(username, user);
            case UserDeletion.OnlyOne:
                return Problem.Result(
                    StatusCodes.Status409Conflict, $"'{username}' is the only user; without one nobody could log in. Create another one first.");
            default:
                return Answer(username, null);
        }
    }

    private static string? Password(JsonObject user) => user.Text("password") switch
    {
        null or "" => null,
        { Length: > PasswordHasher.MaxLength } => throw new InvalidRequestException(
            new ProblemItem("WrongValue", $"A password has at most {PasswordHasher.MaxLength} characters.") { Location = "password" }),
        var password => password,
    };

    private static IResult Answer(string name, User? user) => user is null
        ? Problem.NotFound($"There is no user '{name}'.")
        : TypedResults.Ok(new UserAnswer(UserWire.From(user)));
}

/// <summary>A user as the REST API shows it.</summary>
/// <param name="Password">Only sent to the server; always null in answers.</param>
public sealed record UserWire(string Username, string? Password, string? Firstname, string? Lastname)
{
    internal static UserWire From(User user) => new(user.Name, null, user.Spec.FirstName, user.Spec.LastName);

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
