using System.Data;
using System.Data.Common;

namespace Odin.Storage;

/// <summary>The little in which the databases differ; the SQL itself is the same for all.</summary>
internal abstract class SqlDialect
{
    /// <summary>Column type of text that is compared byte by byte.</summary>
    public abstract string TextType { get; }

    /// <summary>Column type of bytes.</summary>
    public abstract string BytesType { get; }

    /// <summary>What an index holds beside the id for <see cref="IdMatches"/>, with a comma before it; empty: nothing.</summary>
    public abstract string FoldedId { get; }

    /// <summary>A statement that lets one program at a time migrate; in force until the transaction ends. Empty: beginning it did.</summary>
    public abstract string MigrationLock { get; }

    /// <summary>
    /// A query for the number of the transaction that is going on, NULL if it has written nothing; null where a commit
    /// that fails has not taken place.
    /// </summary>
    public virtual string? TransactionNumber => null;

    /// <summary>A query for what became of transaction <c>$1</c>: <c>committed</c>, <c>aborted</c>, <c>in progress</c>, or NULL: no longer known.</summary>
    public virtual string? TransactionOutcome => null;

    /// <summary>A condition: the id matches this LIKE pattern of lower-case ASCII letters, in either case, with \ for escapes.</summary>
    public abstract string IdMatches(string parameter);

    /// <summary>The error as "try later", with its remedy; null if it says something else.</summary>
    public abstract StoreUnavailableException? AsUnavailable(Exception error);

    /// <summary>The error as "change the settings"; null if it says something else.</summary>
    public abstract StoreConfigurationException? AsConfiguration(Exception error);

    /// <summary>True if the database gave up this transaction in favour of another one, so that it may simply be repeated.</summary>
    public abstract bool IsCollision(Exception error);

    /// <summary>Adds the parameter that the SQL calls <c>$1</c>, <c>$2</c> and so on.</summary>
    public void AddParameter(DbParameterCollection parameters, DbParameter parameter, DbType type, object? value)
    {
        parameter.ParameterName = ParameterName(parameters.Count + 1);
        parameter.DbType = type;
        parameter.Value = value ?? DBNull.Value;
        parameters.Add(parameter);
    }

    /// <summary>How the driver calls the parameter that the SQL calls <c>$number</c>.</summary>
    protected abstract string ParameterName(int number);
}
