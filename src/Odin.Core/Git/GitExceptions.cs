namespace Odin.Git;

/// <summary>Git failed in a way that is nobody's input: a broken repository, a full disk.</summary>
public class GitException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The settings of git are wrong; the message says all that is.</summary>
public sealed class GitConfigurationException(string message) : GitException(message);

/// <summary>The repository could not be asked or written: the remote is gone, refuses us, or is too busy. The same call may succeed later.</summary>
public sealed class GitUnavailableException(string message, Exception? inner = null) : GitException(message, inner);

/// <summary>The repository answered and refused the change: a hook, a protected branch, somebody's uncommitted work.</summary>
public sealed class GitRefusedException(string message) : GitException(message);

/// <summary>A change names a path that is a directory, or one below a file, in the tree that it is made on.</summary>
public sealed class GitPathConflictException(string message) : GitException(message);

/// <summary>The repository has other branches, but not the one that is configured.</summary>
public sealed class GitBranchMissingException(string message) : GitException(message);
