using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Odin.Users;

/// <summary>
/// Checks bcrypt hashes with the system's libcrypt: .NET has no bcrypt, and passwords of an earlier system must go on
/// working. New hashes are never made with it.
/// </summary>
internal static unsafe class Bcrypt
{
    // Larger than the scratch structure of every libcrypt in use (libxcrypt 32 KiB, older glibc 128 KiB).
    private const int ScratchBytes = 256 * 1024;

    private static readonly delegate* unmanaged<byte*, byte*, void*, byte*> CryptR = Load();

    /// <summary>Whether this machine can check such hashes.</summary>
    public static bool IsAvailable => CryptR is not null;

    public static bool IsHash(string hash) =>
        hash.Length == 60 && (hash.StartsWith("$2a$", StringComparison.Ordinal)
            || hash.StartsWith("$2b$", StringComparison.Ordinal) || hash.StartsWith("$2y$", StringComparison.Ordinal));

    public static bool Verify(string password, string hash)
    {
        // A NUL would end the password early for the C library: "a\0b" must not equal "a".
        if (!IsAvailable || password.Contains('\0', StringComparison.Ordinal))
            return false;
        var scratch = NativeMemory.AllocZeroed(ScratchBytes);
        try
        {
            fixed (byte* phrase = Encoding.UTF8.GetBytes(password + '\0'))
            fixed (byte* setting = Encoding.UTF8.GetBytes(hash + '\0'))
            {
                var computed = Marshal.PtrToStringUTF8((nint)CryptR(phrase, setting, scratch));
                return computed is not null && CryptographicOperations.FixedTimeEquals(
                    Encoding.UTF8.GetBytes(computed), Encoding.UTF8.GetBytes(hash));
            }
        }
        finally
        {
            NativeMemory.Clear(scratch, ScratchBytes);
            NativeMemory.Free(scratch);
        }
    }

    private static delegate* unmanaged<byte*, byte*, void*, byte*> Load()
    {
        foreach (var name in (ReadOnlySpan<string>)["libcrypt.so.1", "libcrypt.so.2"])
        {
            if (NativeLibrary.TryLoad(name, out var library) && NativeLibrary.TryGetExport(library, "crypt_r", out var symbol))
                return (delegate* unmanaged<byte*, byte*, void*, byte*>)symbol;
        }
        return null;
    }
}
