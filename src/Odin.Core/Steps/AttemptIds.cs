using System.Security.Cryptography;

namespace Odin.Steps;

/// <summary>Makes the ids of attempts.</summary>
internal static class AttemptIds
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    // With room for what a cluster puts behind the names of jobs and of distributed pods.
    private const int MostOfName = 40;

    /// <summary>A DNS label: the id of the resource, cut if it is long, and eight characters.</summary>
    public static string New(string id) => $"{(id.Length > MostOfName ? id[..MostOfName].TrimEnd('-') : id)}-{RandomNumberGenerator.GetString(Alphabet, 8)}t";
}
