using System.Text.Json;
using System.Text.Json.Serialization;
using Odin.Execution;

namespace Odin.Kubernetes;

/// <summary>
/// What has to outlive both the object on the cluster and this process: that it was made (so that it is not made twice when
/// somebody deletes it), why we ended it, and how it ended.
/// </summary>
/// <param name="Kind">The name of its <see cref="Workloads.WorkloadKind"/>; null until that is chosen.</param>
/// <param name="IsCreated">The cluster has acknowledged it.</param>
/// <param name="Stop">A <see cref="StopReason"/>.</param>
internal sealed record ExecutionRecord(string? Kind = null, string? Version = null, bool IsCreated = false, string? Stop = null, ExecutionStatus? End = null);

/// <summary>Keeps those records as small files, next to those of the process executor. All servers of a cluster share the directory.</summary>
internal sealed class ExecutionRecords(string directory)
{
    public ExecutionRecord? Read(ExecutionKey key)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(key)), ExecutionRecordContext.Default.ExecutionRecord);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new IOException($"'{PathOf(key)}' is damaged ({e.Message}); delete it if the execution is not on the cluster.", e);
        }
    }

    /// <summary>Replaces the record: whoever reads sees the old one or the new one.</summary>
    public void Write(ExecutionKey key, ExecutionRecord record)
    {
        var path = PathOf(key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var next = path + ".next";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(record, ExecutionRecordContext.Default.ExecutionRecord));
        File.Move(next, path, overwrite: true);
    }

    public void Delete(ExecutionKey key)
    {
        try
        {
            File.Delete(PathOf(key));
            Directory.Delete(Path.GetDirectoryName(PathOf(key))!);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or IOException)
        {
            // The directory goes with the last of its group.
        }
    }

    private string PathOf(ExecutionKey key)
    {
        key.ThrowIfUnsafe();
        return Path.Combine(directory, key.Group, key.Id + ".json");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ExecutionRecord))]
internal sealed partial class ExecutionRecordContext : JsonSerializerContext;
