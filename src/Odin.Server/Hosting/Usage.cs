using System.Text;
using Odin.Kubernetes.Api;
using Odin.Server.Auth;
using Odin.Server.Nodes;

namespace Odin.Server.Hosting;

/// <summary>What the program writes for people.</summary>
internal static class Usage
{
    /// <summary>All settings with all their names.</summary>
    public static string Text
    {
        get
        {
            var text = new StringBuilder("""
                odin-server runs pipelines and answers for them over REST and WebSocket.

                Each setting is a flag, a variable, or a key of odin.yml (in the data directory, or --config FILE);
                flags win over variables, variables over the file.


                """);
            foreach (var setting in Settings.All)
            {
                var names = string.Join(", ", new[] { setting.Flag, setting.Variable }.Concat(setting.Inherited).Where(n => n is not null));
                text.Append("  ").Append(names).Append('\n');
                text.Append("      ").Append(setting.Description);
                if (setting.Default is not null)
                    text.Append(" Default: ").Append(setting.Default).Append('.');
                text.Append('\n');
            }
            text.Append("\n  SQL_HOST, DB_PORT, DB_USER, DB_PASS, DB_NAME\n      Of the inherited system: a PostgreSQL, unless ODIN_DATABASE names another database.\n");
            return text.ToString();
        }
    }

    /// <summary>Where the agent is, and who may ask it.</summary>
    public static string Greeting(RunningAgent agent, ServerOptions options) =>
        $"Agent      {agent.Url} ({(options.Nodes.Token is null ? "open to whoever reaches it" : "with a token")})\nReady to serve.\n";

    /// <summary>Where the server is, and the generated password, which is shown this one time.</summary>
    public static string Greeting(RunningServer server, ServerOptions options)
    {
        var text = new StringBuilder();
        text.Append("API        ").Append(server.Url).Append("  (documentation: ").Append(new Uri(server.Url, "/docs")).Append(")\n");
        text.Append("WebSocket  ").Append(server.WebSocketUrl?.ToString() ?? "off").Append('\n');
        text.Append("Data       ").Append(options.DataDirectory).Append('\n');
        if (server.Services.GetService<KubernetesConfiguration>() is { } cluster)
        {
            var @namespace = options.Kubernetes!.Executor.Namespace ?? cluster.Namespace;
            text.Append("Executor   ").Append(server.Services.GetRequiredService<OdinOptions>().DefaultExecutor == "kubernetes" ? "kubernetes" : "process; on request kubernetes")
                .Append(": ").Append(cluster.Server).Append(", namespace ").Append(@namespace).Append(" (").Append(cluster.Source).Append(")\n");
        }
        if (server.NewPassword is { } password)
        {
            text.Append("User       ").Append(options.AdminUser).Append(" with the password ").Append(password).Append('\n');
            text.Append("           (kept in ").Append(Path.Combine(options.DataDirectory, AdminAccount.FileName)).Append(")\n");
        }
        return text.Append("Ready to serve.\n").ToString();
    }
}
