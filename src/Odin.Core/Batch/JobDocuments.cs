using Odin.Steps;

namespace Odin.Batch;

/// <summary>Requests or responses of a job that are to be recorded, as those are that go through the gateway.</summary>
/// <param name="Files">Each with the name of its request, and where it lies; null: there is no such response.</param>
internal sealed record JobDocuments(InferenceJob Job, string? ModelName, string? ModelVersion, bool AreResponses, IReadOnlyList<(string Name, string? Path)> Files);

/// <summary>Records documents of a job; done again, it replaces what it has recorded. What cannot be recorded is said in the log, and the job goes on.</summary>
internal delegate Task DocumentRecorder(JobDocuments documents, StepContext context, CancellationToken cancellationToken);
