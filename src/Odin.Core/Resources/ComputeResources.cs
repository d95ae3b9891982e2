namespace Odin.Resources;

/// <summary>What a program gets to work with, as the user wrote it; empty values count as not set.</summary>
public sealed record ComputeResources(ComputeAmounts? Limits = null, ComputeAmounts? Requests = null)
{
    private const string GpuResource = "nvidia.com/gpu";

    /// <summary>The number of GPUs that is asked for: the limit, else the request; null: none.</summary>
    public string? Gpu => Set(Limits?.Gpu) ?? Set(Requests?.Gpu);

    /// <summary>Adds all that is wrong, in the order and words of the inherited API.</summary>
    public void Check(ICollection<string> errors)
    {
        var requestedCpu = Read(Requests?.Cpu, "cpu request", errors);
        var requestedMemory = Read(Requests?.Memory, "memory request", errors);
        var cpu = Read(Limits?.Cpu, "cpu limit", errors);
        var memory = Read(Limits?.Memory, "memory limit", errors);
        var gpu = Read(Gpu, Set(Limits?.Gpu) is null ? "gpu request" : "gpu limit", errors);
        NotNegative("limits[cpu]", cpu, Limits?.Cpu, errors);
        NotNegative("limits[memory]", memory, Limits?.Memory, errors);
        NotNegative($"limits[{GpuResource}]", gpu, Gpu, errors);
        NotNegative("requests[cpu]", requestedCpu, Requests?.Cpu, errors);
        NotNegative("requests[memory]", requestedMemory, Requests?.Memory, errors);
        Within("cpu", requestedCpu, cpu, Requests?.Cpu, errors);
        Within("memory", requestedMemory, memory, Requests?.Memory, errors);
    }

    private static string? Set(string? value) => string.IsNullOrEmpty(value) ? null : value;

    private static Quantity? Read(string? text, string what, ICollection<string> errors)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        var quantity = Quantity.Parse(text, out var error);
        if (error is null)
            return quantity;
        errors.Add($"validation of {what} is failed: {error}");
        return null;
    }

    private static void NotNegative(string place, Quantity? value, string? text, ICollection<string> errors)
    {
        if (value is { IsNegative: true })
            errors.Add($"resources.{place}: Invalid value: \"{text}\": must be greater than or equal to 0");
    }

    private static void Within(string what, Quantity? request, Quantity? limit, string? text, ICollection<string> errors)
    {
        if (request is { } least && limit is { } most && least > most)
            errors.Add($"resources.requests: Invalid value: \"{text}\": must be less than or equal to {what} limit");
    }
}

/// <summary>Kubernetes quantities; null or empty: not set.</summary>
public sealed record ComputeAmounts(string? Cpu = null, string? Memory = null, string? Gpu = null);
