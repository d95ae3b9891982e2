namespace Odin.Connections;

/// <summary>The connection that takes artifacts, as trainings and packagings name it.</summary>
public static class OutputConnections
{
    /// <summary>Adds what is wrong with it, in the words of the inherited API, doubled quotes and all.</summary>
    public static string Check(string id, IReadOnlyDictionary<string, Connection> known, ICollection<string> errors)
    {
        var wrong = id.Length == 0 ? "empty \"OutputConnection\""
            : !known.TryGetValue(id, out var connection) ? $"entity \"{id}\" is not found"
            : !ConnectionTypes.Storage.Contains(connection.Spec.Type) ? $"{id} cannot keep artifacts; it has type {connection.Spec.Type} and none of [{string.Join(' ', ConnectionTypes.Storage)}]"
            : null;
        if (wrong is not null)
            errors.Add($"\"Spec.\"OutputConnection\"\" validation errors: {wrong}");
        return id;
    }
}
