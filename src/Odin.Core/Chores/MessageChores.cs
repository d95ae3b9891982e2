namespace Odin.Chores;

/// <summary>Sends a text filled from the run's record; the value is the text.</summary>
internal sealed class SlackMessageChore(Webhook webhook) : IChore
{
    public string Type => "slack-message";

    public IReadOnlyList<ChoreParameter> Parameters { get; } =
    [
        new("parent_details", "The record of the run: \"^parent\"."),
        Webhook.Parameter,
        new("template", "The text, with ${label}, ${status} and the like from the record."),
    ];

    public async Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken)
    {
        var text = RecordTemplate.Fill(arguments.Text("template"), arguments.Map("parent_details"));
        await webhook.SendAsync(arguments, text, cancellationToken);
        return new ChoreResult.Done(text);
    }
}

/// <summary>Sends a greeting, to try a web hook out.</summary>
internal sealed class DemoChore(Webhook webhook) : IChore
{
    private const string Greeting = "Hello from an Odin chore.";

    public string Type => "demo-chore";

    public IReadOnlyList<ChoreParameter> Parameters { get; } = [Webhook.Parameter];

    public async Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken)
    {
        await webhook.SendAsync(arguments, Greeting, cancellationToken);
        return new ChoreResult.Done(Greeting);
    }
}
