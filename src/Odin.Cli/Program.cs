using Odin.Cli;
using Odin.Cli.Shell;

return await OdinProgram.RunAsync(
    args, CliEnvironment.ForProcess(), ProgramName.Alias(), handleSignals: true, CancellationToken.None);
