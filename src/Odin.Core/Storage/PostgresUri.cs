using System.Globalization;
using Npgsql;

namespace Odin.Storage;

/// <summary>Reads PostgreSQL's own form of a connection string: <c>postgresql://user:password@host:port/database?sslmode=require</c>.</summary>
internal static class PostgresUri
{
    // What libpq calls differently: https://www.postgresql.org/docs/current/libpq-connect.html
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["dbname"] = "Database",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["target_session_attrs"] = "Target Session Attributes",
        ["user"] = "Username",
    };

    /// <exception cref="FormatException">Not such a URI.</exception>
    /// <exception cref="ArgumentException">An option that the driver does not know.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri))
            throw new FormatException();
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.IdnHost.Length > 0 ? uri.IdnHost.Trim('[', ']') : "localhost",
            Port = uri.Port > 0 ? uri.Port : NpgsqlConnection.DefaultPort,
        };
        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
            builder.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1)
            builder.Password = Uri.UnescapeDataString(user[1]);
        if (uri.AbsolutePath.Trim('/') is { Length: > 0 } database)
            builder.Database = Uri.UnescapeDataString(database);
        foreach (var option in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = option.Split('=', 2);
            var name = Uri.UnescapeDataString(pair[0]);
            builder[Names.GetValueOrDefault(name, name)] = Value(name, pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "");
        }
        return builder;
    }

    // "verify-full" is VerifyFull for the driver.
    private static string Value(string name, string value) =>
        name == "sslmode"
            ? string.Concat(value.Split('-', StringSplitOptions.RemoveEmptyEntries)
                .Select(word => char.ToUpper(word[0], CultureInfo.InvariantCulture) + word[1..]))
            : value;
}
