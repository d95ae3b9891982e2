using Odin.Server.Hosting;
using Odin.Server.Nodes;

if (args is ["help", ..] || args.Any(a => a is "--help" or "-h"))
{
    Console.Write(Usage.Text);
    return 0;
}
try
{
    var options = ServerOptionsReader.Read(SettingValues.Read(args, Environment.GetEnvironmentVariable));
    if (options.Role == ServerRole.Agent)
    {
        await using var agent = await RunningAgent.StartAsync(options, TimeProvider.System, CancellationToken.None);
        Console.Write(Usage.Greeting(agent, options));
        await agent.WaitForShutdownAsync(CancellationToken.None);
        return 0;
    }
    await using var server = await RunningServer.StartAsync(options, replace: null, CancellationToken.None);
    Console.Write(Usage.Greeting(server, options));
    await server.WaitForShutdownAsync(CancellationToken.None);
    return 0;
}
catch (StartupException e)
{
    Console.Error.WriteLine($"odin-server: {e.Message}");
    return e.ExitCode;
}
catch (Exception e)
{
    Console.Error.WriteLine($"odin-server: something unexpected went wrong, please report it: {e}");
    return ExitCodes.Internal;
}
