using System.Collections;
using System.CommandLine;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Odin.Cli.Tests;

/// <summary>
/// Options that commands share know every command that they were ever part of, in a list that is walked from its beginning. The
/// program makes its commands once; here they are made a thousand times in one process, and each time takes longer.
/// </summary>
internal static class SharedSymbols
{
    private static readonly PropertyInfo FirstParent = typeof(Symbol).GetProperty("FirstParent", BindingFlags.Instance | BindingFlags.NonPublic)
        ?? throw new InvalidOperationException("System.CommandLine keeps the parents of a symbol elsewhere now.");

    private static readonly List<Symbol> All = [.. typeof(OdinProgram).Assembly.GetTypes().Where(t => !t.ContainsGenericParameters).SelectMany(Of).Distinct()];

    /// <summary>Lets the shared ones forget the commands that were made.</summary>
    public static void Forget()
    {
        foreach (var symbol in All)
            FirstParent.SetValue(symbol, null);
    }

    private static IEnumerable<Symbol> Of(Type type)
    {
        var fields = type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(f => typeof(Symbol).IsAssignableFrom(f.FieldType) || typeof(IEnumerable<Symbol>).IsAssignableFrom(f.FieldType)).ToList();
        if (fields.Count > 0)
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        return fields.Select(f => f.GetValue(null)).SelectMany(v => v is Symbol symbol ? [symbol] : ((IEnumerable)v!).Cast<Symbol>());
    }
}
