using Odin.Git;

namespace Odin.Tests.Git;

public sealed class SharedRefreshTests
{
    [Fact]
    public async Task Join_DuringARound_IsServedByOneLaterRoundForAll()
    {
        var rounds = new List<(bool Everything, TaskCompletionSource End)>();
        var shared = new SharedRefresh(everything =>
        {
            var end = new TaskCompletionSource();
            rounds.Add((everything, end));
            return end.Task;
        });
        var first = shared.JoinAsync(false, GitSandbox.Token);
        var second = shared.JoinAsync(false, GitSandbox.Token);
        var third = shared.JoinAsync(true, GitSandbox.Token);
        rounds[0].End.SetResult();
        await first;
        Assert.False(second.IsCompleted, "what asked during a round must not be served by it");
        await Eventually.True(() => rounds.Count == 2, "the second round");
        Assert.True(rounds[1].Everything);
        rounds[1].End.SetResult();
        await Task.WhenAll(second, third);
        Assert.Equal(2, rounds.Count);
    }

    [Fact]
    public async Task Join_FailedRound_FailsForThoseWhoWaitedAndNotForLaterOnes()
    {
        var fails = true;
        var shared = new SharedRefresh(_ => fails ? Task.FromException(new InvalidOperationException("lost")) : Task.CompletedTask);
        await Assert.ThrowsAsync<InvalidOperationException>(() => shared.JoinAsync(false, GitSandbox.Token));
        fails = false;
        await shared.JoinAsync(false, GitSandbox.Token);
    }

    [Fact]
    public async Task Join_CallerGivesUp_OthersAreStillServed()
    {
        var end = new TaskCompletionSource();
        var shared = new SharedRefresh(_ => end.Task);
        using var impatient = new CancellationTokenSource();
        var gone = shared.JoinAsync(false, impatient.Token);
        var stays = shared.JoinAsync(false, GitSandbox.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        end.SetResult();
        await stays;
    }
}
