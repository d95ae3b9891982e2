using Odin.Batch;
using Odin.Server.Lifecycle;

namespace Odin.Server.Batch;

/// <summary>Batch services and their jobs over REST.</summary>
internal static class BatchEndpoints
{
    public static void MapBatch(this RouteGroupBuilder api, LifecycleOptions options)
    {
        api.MapNoun<InferenceServiceNoun>("/batch/service", "InferenceService", options.Batch);
        api.MapNoun<InferenceJobNoun>("/batch/job", "InferenceJob", options.Batch, canReplace: false).MapSteps<InferenceJob>("InferenceJob", "inference job");
    }
}
