using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Users;

/// <summary><c>odin user</c>: makes and changes users; lists and removes them.</summary>
internal sealed class UserCommand : OdinCommand
{
    private const string Hint = "`odin user list` shows the users there are.";
    private static readonly Option<string?> Username = new("--username", "-u") { Description = "The user to make or change.", HelpName = "NAME" };
    private static readonly Option<string?> FirstName = new("--firstname", "-f") { Description = "Their first name.", HelpName = "NAME" };
    private static readonly Option<string?> LastName = new("--lastname", "-l") { Description = "Their last name.", HelpName = "NAME" };
    private static readonly Option<string?> Password = new("--password", "-p")
    {
        Description = "Their password. Others on this machine can see it: prefer the prompt or --password-stdin.",
        HelpName = "PASSWORD",
    };

    private static readonly Option<bool> PasswordStdin = new("--password-stdin") { Description = "Read their password from the first line of standard input." };
    private static readonly Option<string[]> Roles = new("--role")
    {
        Description = "What they may do: the name of a role, again for each one. Left out: everything, and for a user that there is already, what they might before.",
        HelpName = "ROLE",
    };

    private static readonly Argument<string?> Pattern = new("PATTERN") { Description = "A part of the name.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> User = new("NAME") { Description = "The user." };

    public UserCommand(CliSession session)
        : base(session, "user", "Makes a user, or changes one; lists and removes users.")
    {
        Group = CommandGroup.Server;
        Examples = ["odin user -u ada -f Ada -l Lovelace", "odin user add ada --role data_scientist --role role-wine", "odin user list", "odin user delete ada"];
        foreach (var option in new Option[] { Username, Password, PasswordStdin, FirstName, LastName, Roles })
            Add(option);
        ConnectionOptions.AddTo(this, login: false);
        // As its own options say who is meant, and not who asks, it takes none for that.
        var add = Subcommand.Create("add", "Makes a user, or changes one.", (parse, token) => StoreAsync(parse, parse.GetRequiredValue(User), token), User, Password, PasswordStdin, FirstName, LastName, Roles);
        ConnectionOptions.AddTo(add, login: false);
        Add(add);
        Add(Subcommand.CreateRemote("list", "Lists users.", ListAsync, Pattern, OutputOptions.Format));
        Add(Subcommand.CreateRemote("show", "Shows a user.", ShowAsync, User, OutputOptions.Format));
        Add(Subcommand.CreateRemote("delete", "Removes a user; their tokens are void at once.", DeleteAsync, User));
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) => StoreAsync(parse, parse.GetValue(Username), cancellationToken);

    private async Task<int> StoreAsync(ParseResult parse, string? username, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var printer = new Printer(Session.Environment, OutputFormat.Table);
        var user = ReadUser(parse, username);
        var name = user["username"]!.GetValue<string>();
        var found = await client.GetAsync(Paths.User(name), cancellationToken);
        if (found.Status != HttpStatusCode.OK)
        {
            // Only "there is none" means that one is to be made; the original takes every failure for that.
            if (found.Status is not (HttpStatusCode.NotFound or HttpStatusCode.InternalServerError))
                throw found.Failure(null);
            user["password"] ??= ReadPassword(parse);
            var created = (await client.PostAsync("v1/users", new JsonObject { ["user"] = user }, cancellationToken)).EnsureSuccess();
            printer.Note("Created new user");
            printer.Note(Printer.Line(created.Body));
            return ExitCode.Success;
        }
        printer.Note("Found existing user");
        printer.Note(Printer.Line(found.Body));
        var changed = (await client.PutAsync(Paths.User(name), user, cancellationToken)).EnsureSuccess();
        printer.Note(Printer.Line(changed.Body));
        return ExitCode.Success;
    }

    private JsonObject ReadUser(ParseResult parse, string? name)
    {
        var environment = Session.Environment;
        if (name is null && environment.CanPrompt)
            name = Terminal.Ask(environment, "create username: ", null);
        if (string.IsNullOrEmpty(name))
            throw new CliException(ExitCode.Usage, "the user's name is missing", "Type `odin user -u NAME`, or `odin user list`.");
        var roles = parse.GetValue(Roles) ?? [];
        var user = new JsonObject { ["username"] = name };
        // Whose roles are to be changed need not get another password with them.
        if (roles.Length == 0 || parse.GetValue(PasswordStdin) || parse.GetValue(Password) is not null)
            user["password"] = ReadPassword(parse);
        if (roles.Length > 0)
            user["roles"] = new JsonArray([.. roles.Select(r => (JsonNode?)r)]);
        if (parse.GetValue(FirstName) is { } first)
            user["firstname"] = first;
        if (parse.GetValue(LastName) is { } last)
            user["lastname"] = last;
        return user;
    }

    private string ReadPassword(ParseResult parse)
    {
        var environment = Session.Environment;
        var password = parse.GetValue(Password);
        if (parse.GetValue(PasswordStdin))
            password = environment.In.ReadLine();
        else if (password is null && environment.CanPrompt)
            password = Terminal.AskSecret(environment, "new password: ");
        return password ?? throw new CliException(ExitCode.Usage, "the user's password is missing", "Give it with --password-stdin.");
    }

    private async Task<int> ListAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var answer = (await client.GetAsync(Paths.WithQuery("v1/users", ("q", parse.GetValue(Pattern))), cancellationToken)).EnsureSuccess();
        var users = answer.Member("users").AsArray().OfType<JsonObject>().ToList();
        var printer = Session.Printer(parse);
        if (printer.Data(answer.Body, users.Select(u => u["username"]?.ToString())))
            return ExitCode.Success;
        string[] columns = users.Exists(u => u["roles"] is not null) ? ["username", "firstname", "lastname", "roles"] : ["username", "firstname", "lastname"];
        TextTable.WriteMany(printer.Messages, columns, [.. users.Select(u => columns.Select(c => (object?)Cell(u[c])).ToArray())]);
        return ExitCode.Success;
    }

    private static string Cell(JsonNode? value) => value is JsonArray list ? string.Join(", ", list) : value?.ToString() ?? "";

    private async Task<int> ShowAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var name = parse.GetRequiredValue(User);
        var answer = (await client.GetAsync(Paths.User(name), cancellationToken)).EnsureSuccess(Hint);
        var printer = Session.Printer(parse);
        if (!printer.Data(answer.Body, [name]))
            printer.Say(Printer.Line(answer.Member("user")));
        return ExitCode.Success;
    }

    private async Task<int> DeleteAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var name = parse.GetRequiredValue(User);
        (await client.DeleteAsync(Paths.User(name), cancellationToken)).EnsureSuccess(Hint);
        Session.Environment.Error.WriteLine($"'{name}' is removed.");
        return ExitCode.Success;
    }
}
