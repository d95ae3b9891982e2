using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Odin.Chores;

/// <summary>Sends messages to a web hook of the kind that Slack and its like take.</summary>
/// <param name="client">Follows no redirects: a hook answers itself.</param>
internal sealed class Webhook(HttpClient client) : IDisposable
{
    /// <summary>Used where no web hook is given, so that the secret in its path need not stand in a file.</summary>
    public const string Variable = "ODIN_WEBHOOK";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public Webhook()
        : this(new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }))
    {
    }

    /// <summary>The parameter that every sending chore has.</summary>
    public static ChoreParameter Parameter { get; } = new("webhook", $"The http or https address to post to. Default: the environment variable {Variable}.");

    /// <summary>Posts <c>{"text": …}</c>.</summary>
    public async Task SendAsync(ChoreArguments arguments, string text, CancellationToken cancellationToken)
    {
        var address = arguments.FindText("webhook") ?? Environment.GetEnvironmentVariable(Variable)
            ?? throw new ChoreException($"No web hook is given; set the argument 'webhook' or the environment variable {Variable}.");
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new ChoreException("The web hook must be an http or https address.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Deadline);
        try
        {
            using var answer = await client.PostAsJsonAsync(uri, new JsonObject { ["text"] = text }, limit.Token);
            if (!answer.IsSuccessStatusCode)
                throw new ChoreException($"The web hook at '{uri.Authority}' answered {(int)answer.StatusCode}; is it still valid?");
        }
        catch (HttpRequestException e)
        {
            // Only the host is named: the path of a web hook is a secret.
            throw new ChoreException($"The web hook at '{uri.Authority}' cannot be reached: {e.HttpRequestError}.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ChoreException($"The web hook at '{uri.Authority}' did not answer within {Deadline.TotalSeconds} s.", e);
        }
    }

    public void Dispose() => client.Dispose();
}
