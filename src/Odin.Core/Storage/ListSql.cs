using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Odin.Storage;

/// <summary>
/// Writes a list as SQL. The inner query finds the keys of the page in an index that covers it, so filters, offset and
/// order never touch a document; the outer one fetches the documents of that page alone.
/// </summary>
internal sealed class ListSql
{
    private readonly DbCommand command;
    private readonly SqlDialect dialect;
    private readonly ListRequest request;
    private readonly string order;

    private ListSql(DbCommand command, SqlDialect dialect, ListRequest request)
    {
        this.command = command;
        this.dialect = dialect;
        this.request = request;
        order = request.Descending ? "created DESC, id DESC" : "created, id";
    }

    /// <summary>Columns of the answer: id, created, document. Up to one item more than the page has.</summary>
    public static void Write(DbCommand command, SqlDialect dialect, string kind, ListRequest request) =>
        new ListSql(command, dialect, request).Write(kind);

    private void Write(string kind)
    {
        var kindName = Parameter(DbType.String, kind);
        var filter = Filter(kindName);
        var keys = request.Phases.Count switch
        {
            0 => Keys(filter, request.Limit + 1, request.Offset),
            1 => Keys($"{filter} AND phase = {Parameter(DbType.String, request.Phases[0])}", request.Limit + 1, request.Offset),
            _ => MergedKeys(filter),
        };
        var outer = request.Descending ? "k.created DESC, k.id DESC" : "k.created, k.id";
        command.CommandText =
            $"SELECT r.id, r.created, r.document FROM ({keys}) k JOIN resources r ON r.kind = {kindName} AND r.id = k.id ORDER BY {outer}";
    }

    // With "phase IN (…)" a database reads all of those phases and sorts; one ordered range for each phase ends early.
    private string MergedKeys(string filter)
    {
        var ranges = request.Phases.Select((phase, i) =>
            $"SELECT id, created FROM ({Keys($"{filter} AND phase = {Parameter(DbType.String, phase)}", request.Limit + 1L + request.Offset, 0)}) p{i}");
        return $"SELECT id, created FROM ({string.Join(" UNION ALL ", ranges)}) u {Slice(request.Limit + 1, request.Offset)}";
    }

    private string Keys(string filter, long limit, int offset) =>
        $"SELECT id, created FROM resources WHERE {filter} {Slice(limit, offset)}";

    // Numbers of our own, written out, because PostgreSQL plans better for a limit that it knows.
    private string Slice(long limit, int offset) =>
        string.Create(CultureInfo.InvariantCulture, $"ORDER BY {order} LIMIT {limit} OFFSET {offset}");

    private string Filter(string kindName)
    {
        var filter = new StringBuilder($"kind = {kindName}");
        if (request.Parent is not null)
            filter.Append(CultureInfo.InvariantCulture, $" AND parent = {Parameter(DbType.String, request.Parent)}");
        if (request.CreatedBefore is { } before)
            filter.Append(CultureInfo.InvariantCulture, $" AND created < {Parameter(DbType.Int64, before)}");
        if (request.After is { } after)
        {
            filter.Append(CultureInfo.InvariantCulture,
                $" AND (created, id) {(request.Descending ? '<' : '>')} ({Parameter(DbType.Int64, after.Created)}, {Parameter(DbType.String, after.Id)})");
        }
        if (request.IdPrefix is not null)
            filter.Append(CultureInfo.InvariantCulture, $" AND id >= {Parameter(DbType.String, request.IdPrefix)}");
        if (request.IdPrefixEnd is not null)
            filter.Append(CultureInfo.InvariantCulture, $" AND id < {Parameter(DbType.String, request.IdPrefixEnd)}");
        if (request.IdContains is not null)
            filter.Append(CultureInfo.InvariantCulture, $" AND {dialect.IdMatches(Parameter(DbType.String, Pattern(request.IdContains)))}");
        return filter.ToString();
    }

    private string Parameter(DbType type, object value)
    {
        dialect.AddParameter(command.Parameters, command.CreateParameter(), type, value);
        return string.Create(CultureInfo.InvariantCulture, $"${command.Parameters.Count}");
    }

    private static string Pattern(string text) =>
        $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
