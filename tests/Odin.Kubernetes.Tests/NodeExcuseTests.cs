using System.Text;

namespace Odin.Kubernetes.Tests;

/// <summary>What nodes say when they have no log any more, in the words of real ones.</summary>
public sealed class NodeExcuseTests
{
    private const string Lost = "rpc error: code = NotFound desc = an error occurred when try to find container \"0ab1\": not found";

    [Theory]
    [InlineData("failed to try resolving symlinks in path \"/var/log/pods/a/b/0.log\": lstat /var/log/pods/a: no such file or directory", true)]
    [InlineData("unable to retrieve container logs for containerd://0ab1", true)]
    [InlineData(Lost, true)]
    [InlineData("failed to try", false)]
    [InlineData("one\n" + Lost, false)]
    public void InsteadOf_Log_IsKnown(string text, bool isExcuse) => Assert.Equal(isExcuse, NodeExcuse.InsteadOf(Encoding.UTF8.GetBytes(text)) is not null);

    [Theory]
    [InlineData("one\n" + Lost, 4)]
    [InlineData("one\n" + Lost + "\n", 4)]
    [InlineData("one" + Lost, 3)]
    [InlineData(Lost, 0)]
    [InlineData(Lost + "\nmore\n", -1)]
    [InlineData("one\n", -1)]
    public void FindBehind_Log_IsWhereItBegins(string text, int at) => Assert.Equal(at, NodeExcuse.FindBehind(Encoding.UTF8.GetBytes(text)));
}
