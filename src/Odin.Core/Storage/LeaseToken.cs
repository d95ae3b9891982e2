namespace Odin.Storage;

/// <summary>
/// A lease as it was acquired once. A <see cref="ResourceBatch"/> that carries it is carried out only while it is good:
/// whoever acquires the lease after that gets a higher number.
/// </summary>
/// <param name="Name">What the lease is for: <c>Run/wine-k3v9q2x1j</c>.</param>
/// <param name="Number">Grows with every acquisition.</param>
public readonly record struct LeaseToken(string Name, long Number);
