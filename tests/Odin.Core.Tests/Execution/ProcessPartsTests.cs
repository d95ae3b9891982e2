using System.Text;
using Odin.Execution;
using Odin.Execution.Processes;

namespace Odin.Tests.Execution;

/// <summary>The parts of the process executor that can be looked at without a process.</summary>
public sealed class ProcessPartsTests
{
    [Fact]
    public void SlotQueue_TwoGroups_AreServedInTurn()
    {
        var queue = new SlotQueue<string>(10);
        foreach (var item in (string[])["a1", "a2", "a3", "b1", "c1", "c2"])
            queue.Enqueue(item[..1], item);
        Assert.Equal(["a1", "b1", "c1", "a2", "c2", "a3"], TakeAll(queue));
        Assert.Equal((6, 0), (queue.Busy, queue.Waiting));
    }

    [Fact]
    public void SlotQueue_Full_GivesNothingUntilOneIsReleased()
    {
        var queue = new SlotQueue<string>(1);
        queue.Enqueue("a", "a1");
        queue.Enqueue("a", "a2");
        Assert.Equal("a1", queue.TryTake());
        Assert.Null(queue.TryTake());
        queue.Release();
        Assert.Equal("a2", queue.TryTake());
        queue.Occupy();
        queue.Release();
        queue.Enqueue("a", "a3");
        Assert.Null(queue.TryTake());
    }

    [Fact]
    public void SlotQueue_Removed_IsNotServed()
    {
        var queue = new SlotQueue<string>(10);
        queue.Enqueue("a", "a1");
        queue.Enqueue("b", "b1");
        Assert.True(queue.Remove("a1"));
        Assert.False(queue.Remove("a1"));
        Assert.Equal(["b1"], TakeAll(queue));
        queue.Enqueue("a", "a2");
        Assert.Equal(["a2"], TakeAll(queue));
    }

    [Fact]
    public void ProcessTable_NameWithParenthesesAndSpaces_IsRead()
    {
        var line = "42 (a) b (c)) S 7 8 9 0 -1 4194304 102 0 0 0 11 12 13 14 20 0 1 0 280833 3133440 388 18446744073709551615"u8;
        Assert.Equal(new ProcessRecord(42, 'S', 7, 8, 9, 50, 388, 280833), ProcessTable.Parse(42, line));
    }

    [Fact]
    public void ProcessTable_Ourselves_AreThere()
    {
        Assert.Contains(ProcessTable.ReadAll(), p => p.Pid == Environment.ProcessId && p.ResidentPages > 0);
        Assert.Null(ProcessTable.Read(int.MaxValue));
        Assert.False(ProcessTable.HasVariable(Environment.ProcessId, "NO_SUCH=thing\0"u8));
    }

    [Theory]
    [InlineData("A", true)]
    [InlineData("_a1", true)]
    [InlineData("1a", false)]
    [InlineData("a.b", false)]
    [InlineData("a=b", false)]
    [InlineData("", false)]
    public void TaskEnvironment_IsName(string name, bool expected) => Assert.Equal(expected, TaskEnvironment.IsName(name));

    [Fact]
    public void TaskEnvironment_DirectoryOfPrograms_ComesLast()
    {
        var key = new ExecutionKey("run", "task");
        string PathOf(Dictionary<string, string> own) => new TaskEnvironment(new Dictionary<string, string> { ["PATH"] = "/venv/bin:/bin" }, [], ["/opt/odin"])
            .For(new ExecutionSpec { Key = key, Command = ["x"], WorkingDirectory = "/", Environment = own }, new ExecutionDirectory("/state", key))["PATH"];
        Assert.Equal("/venv/bin:/bin:/opt/odin", PathOf([]));
        Assert.Equal("/own:/opt/odin", PathOf(new() { ["PATH"] = "/own" }));
    }

    [Theory]
    [InlineData("/usr/bin/true", true, "true")]
    [InlineData("/home/me/true", false, "true")]
    [InlineData("/usr/bin/true", false, "true", "--version")]
    [InlineData("/usr/bin/true", false, "/usr/bin/true")]
    [InlineData("/usr/bin/echo", false, "echo")]
    public void CommandResolver_IsTheShellsOwn(string path, bool expected, params string[] command) =>
        Assert.Equal(expected, CommandResolver.IsTheShellsOwn(command, path));

    [Fact]
    public async Task StatusFeed_NobodyReads_KeepsTheLatestOfEach()
    {
        var feed = new StatusFeed();
        await using var reader = feed.ReadAsync(default).GetAsyncEnumerator(default);
        var first = reader.MoveNextAsync().AsTask();
        foreach (var phase in (ExecutionPhase[])[ExecutionPhase.Queued, ExecutionPhase.Running, ExecutionPhase.Succeeded])
        {
            for (var i = 0; i < 1000; i++)
                feed.Publish(new ExecutionStatus { Key = new ExecutionKey("run", $"task-{i}"), Phase = phase });
        }
        feed.Complete();
        var ends = new HashSet<ExecutionKey>();
        var all = 0;
        for (var more = await first; more; more = await reader.MoveNextAsync())
        {
            all++;
            Assert.True(reader.Current.IsEnded ? ends.Add(reader.Current.Key) : !ends.Contains(reader.Current.Key));
        }
        Assert.Equal(1000, ends.Count);
        Assert.InRange(all, 1000, 3000);
    }

    [Fact]
    public void LineSplitter_CharacterCutInTwo_IsPutTogether()
    {
        var splitter = new LogLineSplitter();
        var bytes = Encoding.UTF8.GetBytes("ä€😀\nrest");
        var lines = bytes.SelectMany(b => splitter.Add([b])).ToList();
        Assert.Equal(["ä€😀"], lines);
        Assert.Equal("rest", splitter.Finish());
        Assert.Null(splitter.Finish());
    }

    private static List<string> TakeAll(SlotQueue<string> queue)
    {
        var taken = new List<string>();
        while (queue.TryTake() is { } item)
            taken.Add(item);
        return taken;
    }
}
