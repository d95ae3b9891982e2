using Npgsql;
using Odin.Storage;

namespace Odin.Tests.Storage;

public sealed class DatabaseSettingTests
{
    [Theory]
    [InlineData(null, "/data/odin.db")]
    [InlineData("  ", "/data/odin.db")]
    [InlineData("Data Source=/other/x.db", "/other/x.db")]
    [InlineData("datasource=/other/../x.db;Cache=Private", "/x.db")]
    [InlineData("Filename=/other/x.db", "/other/x.db")]
    public void Parse_File_IsSqlite(string? text, string path)
    {
        var setting = Assert.IsType<DatabaseSetting.Sqlite>(DatabaseSetting.Parse(text, "/data"));

        Assert.Equal(path, setting.Path);
    }

    [Theory]
    [InlineData("Host=h;Database=d;Username=u;Password=p", "h", 5432, "d", "u", "p")]
    [InlineData("Server=h;Port=1;Database=d;User Id=u;Password='a;b'", "h", 1, "d", "u", "a;b")]
    [InlineData("postgresql://u:p@h:6543/d", "h", 6543, "d", "u", "p")]
    [InlineData("postgres://u@h/d", "h", 5432, "d", "u", null)]
    [InlineData("postgresql://us%40er:p%2F%3A%40%25+%C3%A9@h/da%20ta", "h", 5432, "da ta", "us@er", "p/:@%+é")]
    [InlineData("postgresql://u:p@[::1]:6543/d", "::1", 6543, "d", "u", "p")]
    [InlineData("postgresql://h", "h", 5432, null, null, null)]
    [InlineData("postgresql:///d?host=/run/postgresql&user=u", "/run/postgresql", 5432, "d", "u", null)]
    public void Parse_Server_IsPostgres(string text, string host, int port, string? database, string? user, string? password)
    {
        var setting = Assert.IsType<DatabaseSetting.Postgres>(DatabaseSetting.Parse(text, "/data"));

        var builder = new NpgsqlConnectionStringBuilder(setting.ConnectionString);
        Assert.Equal((host, port, database, user, password), (builder.Host, builder.Port, builder.Database, builder.Username, builder.Password));
        if (password is not null)
            Assert.DoesNotContain(password, setting.Where.Replace(host, "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_UriOptions_AreTheDriversOwn()
    {
        var setting = (DatabaseSetting.Postgres)DatabaseSetting.Parse(
            "postgresql://u@h/d?sslmode=verify-full&application_name=my%20odin&connect_timeout=7&Maximum%20Pool%20Size=5", "/data");

        var builder = new NpgsqlConnectionStringBuilder(setting.ConnectionString);
        Assert.Equal((SslMode.VerifyFull, "my odin", 7, 5), (builder.SslMode, builder.ApplicationName, builder.Timeout, builder.MaxPoolSize));
    }

    [Theory]
    [InlineData("hunter2")]
    [InlineData("mysql://u:hunter2@h/d")]
    [InlineData("postgresql://u:hunter2@:x/d")]
    [InlineData("postgresql://u:hunter2@h/d?no_such_option=hunter2")]
    [InlineData("postgresql://u:hunter2@h/d?sslmode=hunter2")]
    [InlineData("Host=h;NoSuchOption=hunter2")]
    [InlineData("Host=h;Port=hunter2")]
    [InlineData("Data Source=:memory:;Password=hunter2")]
    [InlineData("Data Source=x;Mode=Memory")]
    [InlineData("Data Source=")]
    public void Parse_Nonsense_IsRefusedWithoutRepeatingIt(string text)
    {
        var error = Assert.Throws<StoreConfigurationException>(() => DatabaseSetting.Parse(text, "/data"));

        Assert.Contains("'database'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }
}
