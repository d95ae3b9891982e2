using System.Security.Cryptography;
using System.Text;
using Odin.Server.Hosting;
using Odin.Users;

namespace Odin.Server.Auth;

/// <summary>Makes sure at the start that somebody can log in.</summary>
internal sealed class AdminAccount(UserAccounts accounts, ServerOptions options, DataDirectory data)
{
    /// <summary>The file with a generated password: one line, readable by its owner alone.</summary>
    public const string FileName = "admin-password";

    // Without the letters and digits that are taken for one another.
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// <summary>Returns the password that was generated just now, to be shown once; null if there was no need.</summary>
    public async Task<string?> EnsureAsync(CancellationToken cancellationToken)
    {
        if (options.AdminPassword is { } chosen)
        {
            await accounts.EnsureAsync(options.AdminUser, chosen, cancellationToken);
            File.Delete(data[FileName]);
            return null;
        }
        if ((await accounts.ListAsync(null, cancellationToken)).Count > 0)
            return null;
        // Kept before it is used: a crash in between must not leave a user whose password nobody knows.
        var password = RandomNumberGenerator.GetString(Alphabet, 20);
        PrivateFile.Write(data[FileName], Encoding.UTF8.GetBytes(password + "\n"));
        await accounts.EnsureAsync(options.AdminUser, password, cancellationToken);
        return password;
    }
}
