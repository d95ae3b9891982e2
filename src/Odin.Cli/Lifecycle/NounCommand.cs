using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Deployments;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Routes;
using Odin.Cli.Shell;
using Odin.Pipelines.Yaml;

namespace Odin.Cli.Lifecycle;

/// <summary><c>odin connection</c>, <c>odin training</c> and their like: shows, makes, changes and deletes.</summary>
internal sealed class NounCommand : OdinCommand
{
    private static readonly Option<string> File = new("--file", "-f") { Description = "A file of entities, YAML or JSON; '-' reads standard input.", HelpName = "FILE", Required = true };
    private static readonly Option<bool> IgnoreExisting = new("--ignore-if-exists", "--ignore-if-exist") { Description = "What is there already is left as it is." };
    private static readonly Option<bool> IgnoreMissing = new("--ignore-not-found") { Description = "What is not there counts as deleted." };
    private static readonly Option<bool> NoWait = new("--no-wait") { Description = "Return when it is accepted." };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait for the end, which is what it does unless --no-wait is given." };
    private static readonly Option<bool> Decrypted = new("--decrypted", "-d") { Description = "With the secrets, in base64." };
    private static readonly Option<bool> Follow = new("--follow") { Description = "Go on until it has ended." };

    private readonly LifecycleNoun noun;
    private readonly Argument<string?> optionalId = new("ID") { HelpName = "ID", Description = "Which one; left out: all.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string> id = new("ID") { HelpName = "ID", Description = "Which one." };
    private readonly Option<int> timeout;

    public NounCommand(CliSession session, LifecycleNoun noun)
        : base(session, noun.Name, noun.Description)
    {
        this.noun = noun;
        Group = CommandGroup.Lifecycle;
        Examples = noun.IsNamedByServer
            ? [$"odin {noun.Command} get", $"odin {noun.Command} logs {noun.Sample} --follow", $"odin {noun.Command} delete {noun.Sample}"]
            : [$"odin {noun.Command} create -f {noun.Name}.yaml", $"odin {noun.Command} get", $"odin {noun.Command} delete {noun.Sample}"];
        optionalId.CompletionSources.Add(context => ServerCompletions.Entities(session, context, noun.Path));
        id.CompletionSources.Add(context => ServerCompletions.Entities(session, context, noun.Path));
        timeout = CreateTimeout(noun.Readiness?.Patience ?? 0);
        Symbol[] waits = noun.Readiness is not null ? [Wait, NoWait, timeout] : noun.Outcome is not null ? [NoWait] : [];
        Add(Subcommand.CreateRemote("get", "Shows one, or all.", GetAsync, noun == LifecycleNoun.Connection ? [optionalId, OutputOptions.Format, Decrypted] : [optionalId, OutputOptions.Format]));
        if (!noun.IsNamedByServer)
        {
            Add(Subcommand.CreateRemote("create", "Makes what is in a file.", CreateAsync, [File, IgnoreExisting, .. waits]));
            Add(Subcommand.CreateRemote("edit", "Replaces what is in a file.", EditAsync, [File, .. waits]));
        }
        Add(Subcommand.CreateRemote("delete", "Deletes one.", DeleteAsync, [id, IgnoreMissing, .. noun.Readiness is { GoesSlowly: true } ? waits : []]));
        if (noun == LifecycleNoun.Connection)
        {
            Add(ConnectionCommands.CreateTest(session));
            Add(ConnectionCommands.CreateRotation(session));
        }
        if (noun == LifecycleNoun.Deployment)
            Add(DeploymentLogsCommand.Create(session));
        if (noun.Outcome is not null)
            Add(Subcommand.CreateRemote("logs", "Prints its log.", LogsAsync, [id, Follow]));
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) =>
        throw new CliException(ExitCode.Usage, $"say what to do: {string.Join(", ", Subcommands.Select(c => c.Name))}", $"`odin {noun.Command} --help` explains them.");

    private string Hint => $"`odin {noun.Command} get` shows those that there are.";

    private async Task<int> GetAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var printer = Session.Printer(parse);
        var one = parse.GetValue(optionalId);
        var secret = noun == LifecycleNoun.Connection && parse.GetValue(Decrypted) && one is not null;
        var answer = (await client.GetAsync(one is null ? noun.Path : $"{noun.PathOf(one)}{(secret ? "/decrypted" : "")}", cancellationToken)).EnsureSuccess(Hint);
        // Always a list, so that programs need not tell one from many; with the kind, so that it can be given back as a file.
        var entities = new JsonArray([.. (answer.Body as JsonArray ?? new JsonArray(answer.Body?.DeepClone())).Select(noun.Named)]);
        if (printer.Data(entities, entities.Select(e => LifecycleNoun.Find(e, "id"))))
            return ExitCode.Success;
        if (entities.Count == 0)
        {
            printer.Note($"There are none. `odin {noun.Command} create -f FILE` makes one.");
            return ExitCode.Success;
        }
        if (one is not null && parse.GetResult(OutputOptions.Format) is null or { Implicit: true })
            printer.Environment.Out.Write(YamlConversion.Write(EntityView.Tidy((JsonObject)entities[0]!), flow: false));
        else
            TextTable.WriteMany(printer.Messages, [.. noun.Columns.Select(c => c.Name)], [.. entities.Select(e => noun.Columns.Select(c => (object?)LifecycleNoun.Cell(e, c.Place)).ToArray())]);
        return ExitCode.Success;
    }

    private Task<int> CreateAsync(ParseResult parse, CancellationToken cancellationToken) => StoreAsync(parse, isNew: true, cancellationToken);

    private Task<int> EditAsync(ParseResult parse, CancellationToken cancellationToken) => StoreAsync(parse, isNew: false, cancellationToken);

    private async Task<int> StoreAsync(ParseResult parse, bool isNew, CancellationToken cancellationToken)
    {
        var waits = Waits(parse);
        using var client = Session.Connect(parse);
        var @out = Session.Environment.Out;
        var code = ExitCode.Success;
        foreach (var entity in Manifest.Read(parse.GetValue(File)!, noun, Session.Environment.In))
        {
            var name = LifecycleNoun.Find(entity, "id") ?? "";
            var answer = isNew ? await client.PostAsync(noun.WishPath, entity, cancellationToken) : await client.PutAsync(noun.WishPath, entity, cancellationToken);
            if (isNew && answer.Status == HttpStatusCode.Conflict && parse.GetValue(IgnoreExisting))
            {
                @out.WriteLine($"The {noun.Singular} '{name}' exists already.");
                continue;
            }
            if (isNew && answer.Status == HttpStatusCode.Conflict)
                throw new CliException(ExitCode.Failure, answer.Failure(null).Message, $"`odin {noun.Command} edit -f FILE` replaces it.");
            if (!isNew)
                await EnsureNotDefaultAsync(client, name, answer, cancellationToken);
            answer.EnsureSuccess(isNew ? null : $"`odin {noun.Command} create -f FILE` makes it.");
            @out.WriteLine($"The {noun.Singular} '{name}' was {(isNew ? "created" : "replaced")}.");
            if (noun.Outcome is not null && waits)
                code = Math.Max(code, await new EntityFollower(client, noun, Session.Environment).FollowAsync(name, cancellationToken));
            else if (noun.Readiness is not null && waits)
                @out.WriteLine(await Waiter(client, parse).WaitAsync(name, cancellationToken));
        }
        return code;
    }

    private async Task<int> DeleteAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var waits = noun.Readiness is { GoesSlowly: true } && Waits(parse);
        using var client = Session.Connect(parse);
        var name = parse.GetValue(id)!;
        var routes = noun == LifecycleNoun.Deployment ? await RouteRemarks.LeadingToAsync(client, name, cancellationToken) : [];
        var answer = await client.DeleteAsync(noun.PathOf(name), cancellationToken);
        if (answer.Status == HttpStatusCode.NotFound && parse.GetValue(IgnoreMissing))
        {
            Session.Environment.Out.WriteLine($"{noun.Kinds[0]} {name} was not found. Ignore");
            return ExitCode.Success;
        }
        await EnsureNotDefaultAsync(client, name, answer, cancellationToken);
        answer.EnsureSuccess(Hint);
        if (routes.Count > 0)
            Session.Printer(parse).Note(RouteRemarks.AfterDeletion(name, routes));
        if (waits)
            await Waiter(client, parse).WaitUntilGoneAsync(name, cancellationToken);
        Session.Environment.Out.WriteLine(LifecycleNoun.Find(answer.Body, "message"));
        return ExitCode.Success;
    }

    private async Task EnsureNotDefaultAsync(OdinClient client, string name, ApiAnswer answer, CancellationToken cancellationToken)
    {
        if (noun == LifecycleNoun.Route && await RouteRemarks.OfDefaultAsync(client, name, answer, cancellationToken) is { } refusal)
            throw refusal;
    }

    private async Task<int> LogsAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var (follower, name) = (new EntityFollower(client, noun, Session.Environment), parse.GetValue(id)!);
        if (parse.GetValue(Follow))
            await follower.WatchAsync(name, cancellationToken);
        else
            await follower.CopyLogAsync(name, follow: false, 0, cancellationToken);
        return ExitCode.Success;
    }

    private static bool Waits(ParseResult parse) => parse.GetValue(NoWait) && parse.GetValue(Wait)
        ? throw new CliException(ExitCode.Usage, "--wait and --no-wait do not go together", "Give one of them.")
        : !parse.GetValue(NoWait);

    private ReadinessWaiter Waiter(OdinClient client, ParseResult parse) =>
        new(client, noun, Session.Environment.Error, TimeSpan.FromSeconds(parse.GetValue(timeout)));

    private static Option<int> CreateTimeout(int seconds)
    {
        var option = new Option<int>("--timeout") { Description = "How many seconds to wait.", HelpName = "SECONDS", DefaultValueFactory = _ => seconds };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, out var given) && given > 0))
                result.AddError($"'{result.Tokens[0].Value}' is no number of seconds: --timeout takes a whole number above 0.");
        });
        return option;
    }
}
