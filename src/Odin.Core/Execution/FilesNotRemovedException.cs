namespace Odin.Execution;

/// <summary>Files that we may not remove: programs in containers leave some of other users. The message names one and its owner.</summary>
public sealed class FilesNotRemovedException(string message, Exception? inner) : UnauthorizedAccessException(message, inner);
