using System.Runtime.InteropServices;
using SQLitePCL;

namespace Odin.Storage;

/// <summary>
/// Chooses the native SQLite: the system's where it is newer than the bundled one, because the newest bundle that can be
/// had is 3.35.5 of 2021 and a distribution mends its own; the bundled one otherwise, so that nothing need be installed.
/// </summary>
internal static class SqliteLibrary
{
    private const int BundledVersion = 3_035_005;

    private static readonly Lazy<bool> Loaded = new(Load);

    /// <summary>Loads the library once; call it before the first connection.</summary>
    public static void Ensure() => _ = Loaded.Value;

    private static bool Load()
    {
        // The package with the bundle would do this by itself, but it leaves no choice of the library.
        NativeLibrary.SetDllImportResolver(
            typeof(SQLite3Provider_e_sqlite3).Assembly, static (name, _, _) => name == "e_sqlite3" ? SystemLibrary() : 0);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        raw.FreezeProvider();
        return true;
    }

    // Zero lets the usual search go on, which finds the bundle.
    private static unsafe nint SystemLibrary()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libsqlite3.so.0", out var library))
            return 0;
        return NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out var version)
            && NativeLibrary.TryGetExport(library, "sqlite3_threadsafe", out var threadSafe)
            && ((delegate* unmanaged[Cdecl]<int>)version)() > BundledVersion
            && ((delegate* unmanaged[Cdecl]<int>)threadSafe)() != 0
            ? library
            : 0;
    }
}
