using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;
using Odin.Pipelines.Yaml;

namespace Odin.Cli.Lifecycle;

/// <summary><c>odin connection</c>, <c>odin training</c> and their like: shows, makes, changes and deletes.</summary>
internal sealed class NounCommand : OdinCommand
{
    private static readonly Option<string> File = new("--file", "-f") { Description = "A file of entities, YAML or JSON; '-' reads standard input.", HelpName = "FILE", Required = true };
    private static readonly Option<bool> IgnoreExisting = new("--ignore-if-exists", "--ignore-if-exist") { Description = "What is there already is left as it is." };
    private static readonly Option<bool> IgnoreMissing = new("--ignore-not-found") { Description = "What is not there counts as deleted." };
    private static readonly Option<bool> NoWait = new("--no-wait") { Description = "Return when it is accepted." };
    private static readonly Option<bool> Decrypted = new("--decrypted", "-d") { Description = "With the secrets, in base64." };
    private static readonly Option<bool> Follow = new("--follow") { Description = "Go on until it has ended." };
    private static readonly Argument<string?> OptionalId = new("ID") { Description = "Which one; left out: all.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Argument<string> Id = new("ID") { Description = "Which one." };

    private readonly LifecycleNoun noun;

    public NounCommand(CliSession session, LifecycleNoun noun)
        : base(session, noun.Command, noun.Description)
    {
        this.noun = noun;
        Group = CommandGroup.Lifecycle;
        Examples = [$"odin {noun.Command} create -f {noun.Command}.yaml", $"odin {noun.Command} get", $"odin {noun.Command} delete {noun.Sample}"];
        Add(Subcommand.CreateRemote("get", "Shows one, or all.", GetAsync, noun == LifecycleNoun.Connection ? [OptionalId, OutputOptions.Format, Decrypted] : [OptionalId, OutputOptions.Format]));
        Add(Subcommand.CreateRemote("create", "Makes what is in a file.", CreateAsync, noun.Outcome is null ? [File, IgnoreExisting] : [File, IgnoreExisting, NoWait]));
        Add(Subcommand.CreateRemote("edit", "Replaces what is in a file.", EditAsync, noun.Outcome is null ? [File] : [File, NoWait]));
        Add(Subcommand.CreateRemote("delete", "Deletes one.", DeleteAsync, [Id, IgnoreMissing]));
        if (noun == LifecycleNoun.Connection)
        {
            Add(ConnectionCommands.CreateTest(session));
            Add(ConnectionCommands.CreateRotation(session));
        }
        if (noun.Outcome is not null)
            Add(Subcommand.CreateRemote("logs", "Prints its log.", LogsAsync, [Id, Follow]));
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) =>
        throw new CliException(ExitCode.Usage, $"say what to do: {string.Join(", ", Subcommands.Select(c => c.Name))}", $"`odin {noun.Command} --help` explains them.");

    private string Hint => $"`odin {noun.Command} get` shows those that there are.";

    private async Task<int> GetAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var printer = Session.Printer(parse);
        var id = parse.GetValue(OptionalId);
        var secret = noun == LifecycleNoun.Connection && parse.GetValue(Decrypted) && id is not null;
        var answer = (await client.GetAsync(id is null ? noun.Path : $"{noun.PathOf(id)}{(secret ? "/decrypted" : "")}", cancellationToken)).EnsureSuccess(Hint);
        // Always a list, so that programs need not tell one from many; with the kind, so that it can be given back as a file.
        var entities = new JsonArray([.. (answer.Body as JsonArray ?? new JsonArray(answer.Body?.DeepClone())).Select(noun.Named)]);
        if (printer.Data(entities, entities.Select(e => LifecycleNoun.Find(e, "id"))))
            return ExitCode.Success;
        if (entities.Count == 0)
        {
            printer.Note($"There are none. `odin {noun.Command} create -f FILE` makes one.");
            return ExitCode.Success;
        }
        if (id is not null && parse.GetResult(OutputOptions.Format) is null or { Implicit: true })
            printer.Environment.Out.Write(YamlConversion.Write(EntityView.Tidy((JsonObject)entities[0]!), flow: false));
        else
            TextTable.WriteMany(printer.Messages, [.. noun.Columns.Select(c => c.Name)], [.. entities.Select(e => noun.Columns.Select(c => (object?)(LifecycleNoun.Find(e, c.Place) ?? "")).ToArray())]);
        return ExitCode.Success;
    }

    private Task<int> CreateAsync(ParseResult parse, CancellationToken cancellationToken) => StoreAsync(parse, isNew: true, cancellationToken);

    private Task<int> EditAsync(ParseResult parse, CancellationToken cancellationToken) => StoreAsync(parse, isNew: false, cancellationToken);

    private async Task<int> StoreAsync(ParseResult parse, bool isNew, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var @out = Session.Environment.Out;
        var code = ExitCode.Success;
        foreach (var entity in Manifest.Read(parse.GetValue(File)!, noun, Session.Environment.In))
        {
            var id = LifecycleNoun.Find(entity, "id") ?? "";
            var answer = isNew ? await client.PostAsync(noun.WishPath, entity, cancellationToken) : await client.PutAsync(noun.WishPath, entity, cancellationToken);
            if (isNew && answer.Status == HttpStatusCode.Conflict && parse.GetValue(IgnoreExisting))
            {
                @out.WriteLine($"The {noun.Singular} '{id}' exists already.");
                continue;
            }
            if (isNew && answer.Status == HttpStatusCode.Conflict)
                throw new CliException(ExitCode.Failure, answer.Failure(null).Message, $"`odin {noun.Command} edit -f FILE` replaces it.");
            answer.EnsureSuccess(isNew ? null : $"`odin {noun.Command} create -f FILE` makes it.");
            @out.WriteLine($"The {noun.Singular} '{id}' was {(isNew ? "created" : "replaced")}.");
            if (noun.Outcome is not null && !parse.GetValue(NoWait))
                code = Math.Max(code, await new EntityFollower(client, noun, Session.Environment).FollowAsync(id, cancellationToken));
        }
        return code;
    }

    private async Task<int> DeleteAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var id = parse.GetValue(Id)!;
        var answer = await client.DeleteAsync(noun.PathOf(id), cancellationToken);
        if (answer.Status == HttpStatusCode.NotFound && parse.GetValue(IgnoreMissing))
        {
            Session.Environment.Out.WriteLine($"{noun.Kinds[0]} {id} was not found. Ignore");
            return ExitCode.Success;
        }
        Session.Environment.Out.WriteLine(LifecycleNoun.Find(answer.EnsureSuccess(Hint).Body, "message"));
        return ExitCode.Success;
    }

    private async Task<int> LogsAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var (follower, id) = (new EntityFollower(client, noun, Session.Environment), parse.GetValue(Id)!);
        if (parse.GetValue(Follow))
            await follower.WatchAsync(id, cancellationToken);
        else
            await follower.CopyLogAsync(id, follow: false, 0, cancellationToken);
        return ExitCode.Success;
    }
}
