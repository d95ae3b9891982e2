using System.Diagnostics;

namespace Odin.Testing;

/// <summary>Waits for a condition that something else brings about, with a deadline and a reason.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Returns when the condition holds; fails with the message after a minute.</summary>
    public static Task True(Func<bool> condition, string what) => True(() => Task.FromResult(condition()), what);

    /// <inheritdoc cref="True(Func{bool}, string)"/>
    /// <param name="limit">Null: a minute.</param>
    public static async Task True(Func<Task<bool>> condition, string what, TimeSpan? limit = null)
    {
        var deadline = limit ?? Deadline;
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > deadline)
                Assert.Fail($"Waited {deadline.TotalSeconds} s for this, in vain: {what}");
            await Task.Delay(10);
        }
    }
}
