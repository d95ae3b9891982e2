using System.Globalization;
using Odin.Execution;
using Odin.Resources;

namespace Odin.Steps;

/// <summary>How the program of a step runs where containers are.</summary>
internal static class ProgramContainer
{
    public static ContainerSpec Of(string image, ComputeResources? resources, IReadOnlyDictionary<string, string>? nodeSelector) => new()
    {
        Image = image,
        Gpus = int.TryParse(resources?.Gpu, NumberStyles.None, CultureInfo.InvariantCulture, out var gpus) ? gpus : 0,
        Cpu = Amounts(resources?.Limits?.Cpu, resources?.Requests?.Cpu),
        Memory = Amounts(resources?.Limits?.Memory, resources?.Requests?.Memory),
        NodeSelector = nodeSelector,
    };

    private static ResourceAmounts? Amounts(string? limits, string? requests) =>
        string.IsNullOrEmpty(limits) && string.IsNullOrEmpty(requests) ? null : new ResourceAmounts(Filled(limits), Filled(requests));

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
