namespace Odin.Execution;

/// <summary>The values of <c>resource_type</c> and their accepted spellings.</summary>
public static class ResourceTypes
{
    public const string Pod = "Pod";
    public const string Job = "Job";
    public const string Service = "Service";
    public const string Deployment = "Deployment";
    public const string TFJob = "TFJob";
    public const string PyTorchJob = "PyTorchJob";
    public const string MPIJob = "MPIJob";
    public const string ElasticJob = "ElasticJob";

    /// <summary>Whether an operator makes several pods of it that talk to each other.</summary>
    public static bool IsDistributed(string resourceType) => resourceType is TFJob or PyTorchJob or ElasticJob or MPIJob;

    /// <summary>Whether it runs programs; the others are there for their logs.</summary>
    public static bool RunsPrograms(string resourceType) => resourceType is not (Service or Deployment);

    /// <summary>What to say where a task is to be one that does not.</summary>
    public static string NoTask(string resourceType) =>
        $"A task cannot be a {resourceType}: that is something to read logs of. Use Pod, Job, TFJob, PyTorchJob, ElasticJob or MPIJob.";

    /// <summary>Every accepted spelling, with the canonical one.</summary>
    public static IReadOnlyDictionary<string, string> BySpelling { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Pod"] = Pod,
        ["pod"] = Pod,
        ["Job"] = Job,
        ["job"] = Job,
        ["Service"] = Service,
        ["service"] = Service,
        ["svc"] = Service,
        ["Deployment"] = Deployment,
        ["DEPLOYMENT"] = Deployment,
        ["deployment"] = Deployment,
        ["deploy"] = Deployment,
        ["TFJob"] = TFJob,
        ["tfjob"] = TFJob,
        ["PyTorchJob"] = PyTorchJob,
        ["pytorchjob"] = PyTorchJob,
        ["pytjob"] = PyTorchJob,
        ["MPIJob"] = MPIJob,
        ["mpijob"] = MPIJob,
        ["ElasticJob"] = ElasticJob,
        ["elasticjob"] = ElasticJob,
        ["pytorchelastic"] = ElasticJob,
    };
}
