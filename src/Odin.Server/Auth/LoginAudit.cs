using Odin.Server.Metrics;
using Odin.Users;

namespace Odin.Server.Auth;

/// <summary>Writes down and counts who logs in and who fails to.</summary>
internal sealed partial class LoginAudit(ILogger<LoginAudit> logger, ServerMeters meters)
{
    public void Succeeded(string user, string address)
    {
        meters.Login(succeeded: true);
        LogSucceeded(user, address);
    }

    public void Failed(string user, string address)
    {
        meters.Login(succeeded: false);
        // People type their password where the name belongs; what cannot be a name is not written down.
        LogFailed(UserNames.IsValid(user) ? user : "(not a valid name)", address);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "User '{User}' logged in from {Address}")]
    private partial void LogSucceeded(string user, string address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Failed login as '{User}' from {Address}")]
    private partial void LogFailed(string user, string address);
}
