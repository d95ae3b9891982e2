using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;

namespace Odin.Cli.Servers;

/// <summary><c>odin context</c>: servers by name.</summary>
internal sealed class ContextCommand : OdinCommand
{
    private static readonly Argument<string> Address = new("URL") { Description = "The server's address.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> AddressOption = new("--url") { Description = "The server's address.", HelpName = "URL" };
    private static readonly Option<string?> Username = new("--username", "-u") { Description = "Who logs in there.", HelpName = "NAME" };
    private static readonly Option<bool> Use = new("--use") { Description = "Make it the current one." };

    private readonly Argument<string> contextName = new("NAME") { Description = "The name of the context." };

    public ContextCommand(CliSession session)
        : base(session, "context", "Names servers, and says which of them is meant when a command names none.")
    {
        Group = CommandGroup.Settings;
        Examples =
        [
            "odin context add lab https://odin.lab.example --username ada --use",
            "odin context list",
            "odin status wine --context lab",
        ];
        var add = new Command("add", "Adds a server, or changes it.") { contextName, Address, AddressOption, Username, Use };
        add.SetAction(Add);
        var use = new Command("use", "Makes a server the current one.") { contextName };
        use.SetAction(UseContext);
        var list = new Command("list", "Lists the servers; a star marks the current one.") { OutputOptions.Format };
        list.SetAction(List);
        var remove = new Command("remove", "Forgets a server and its token.") { contextName };
        remove.SetAction(Remove);
        contextName.CompletionSources.Add(_ => Configuration.Contexts.Select(c => c.Name));
        foreach (var command in new[] { add, use, list, remove })
            Add(command);
    }

    private string Directory => Session.Environment.ConfigDirectory;

    private CliConfiguration Configuration => CliConfiguration.Load(Directory);

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) => Task.FromResult(List(parse));

    private int Add(ParseResult parse)
    {
        var name = parse.GetRequiredValue(contextName);
        var address = parse.GetValue(Address) ?? parse.GetValue(AddressOption)
            ?? throw new CliException(ExitCode.Usage, "the server's address is missing", $"Type `odin context add {name} https://HOST`.");
        var context = new ServerContext(name, ConnectionResolver.Parse(address, "the command line"), parse.GetValue(Username));
        var configuration = Configuration;
        configuration = configuration with { Contexts = [.. configuration.Contexts.Where(c => c.Name != name), context] };
        // The first server that is named is surely the one that is meant.
        if (parse.GetValue(Use) || configuration.Contexts.Count == 1)
            configuration = configuration with { Current = name };
        configuration.Save(Directory);
        Session.Environment.Error.WriteLine(configuration.Current == name
            ? $"'{name}' is {context.Url.AbsoluteUri.TrimEnd('/')}, and the current context."
            : $"'{name}' is {context.Url.AbsoluteUri.TrimEnd('/')}. Type `odin context use {name}` to make it the current one.");
        return ExitCode.Success;
    }

    private int UseContext(ParseResult parse)
    {
        var name = Existing(parse).Name;
        (Configuration with { Current = name }).Save(Directory);
        Session.Environment.Error.WriteLine($"The current context is '{name}'.");
        return ExitCode.Success;
    }

    private int Remove(ParseResult parse)
    {
        var context = Existing(parse);
        var configuration = Configuration;
        (configuration with
        {
            Current = configuration.Current == context.Name ? null : configuration.Current,
            Contexts = [.. configuration.Contexts.Where(c => c.Name != context.Name)],
        }).Save(Directory);
        TokenCache.For(Session.Environment, context.Url).Delete();
        Session.Environment.Error.WriteLine($"'{context.Name}' is forgotten.");
        return ExitCode.Success;
    }

    private int List(ParseResult parse)
    {
        var printer = Session.Printer(parse);
        var configuration = Configuration;
        var document = new JsonArray([.. configuration.Contexts.Select(c => (JsonNode)new JsonObject
        {
            ["name"] = c.Name,
            ["url"] = c.Url.AbsoluteUri,
            ["username"] = c.Username,
            ["current"] = c.Name == configuration.Current,
        })]);
        if (printer.Data(document, configuration.Contexts.Select(c => c.Name)))
            return ExitCode.Success;
        if (configuration.Contexts.Count == 0)
        {
            printer.Note("There are no contexts. Type `odin context add NAME URL` to name a server.");
            return ExitCode.Success;
        }
        foreach (var context in configuration.Contexts)
        {
            var mark = context.Name == configuration.Current ? '*' : ' ';
            printer.Say($"{mark} {context.Name}  {context.Url.AbsoluteUri.TrimEnd('/')}{(context.Username is { } user ? $"  as {user}" : "")}");
        }
        return ExitCode.Success;
    }

    private ServerContext Existing(ParseResult parse)
    {
        var name = parse.GetRequiredValue(contextName);
        return Configuration.Find(name)
            ?? throw new CliException(ExitCode.NotFound, $"there is no context '{name}'", "`odin context list` shows those there are.");
    }
}
