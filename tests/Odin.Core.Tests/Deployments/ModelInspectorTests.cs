using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Deployments;

namespace Odin.Tests.Deployments;

/// <summary>What models answer when they are asked what they are.</summary>
public sealed class ModelInspectorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Describe_AModel_GivesItsNameVersionAndDescription()
    {
        var said = await AskAsync(Predictors.OdahuMlServer, """{ "swagger": "2.0", "info": {"title": "wein-\u00fc", "version": "1"}, "paths": {} }""");
        Assert.Equal(("wein-ü", "1"), (said!.Name, said.Version));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"swagger":"2.0","info":{"title":"wein-ü","version":"1"},"paths":{}}"""), JsonNode.Parse(said.Swagger)));
    }

    /// <summary>What would be kept of these could not be read, or not be written, by anybody who has several to show.</summary>
    [Theory]
    [InlineData("""{"swagger":"2.0","swagger":"2.0"}""")]
    [InlineData("""{"swagger":"2.0","paths":{"/x":{"get":{"a":1,"a":2}}}}""")]
    [InlineData("""{"swagger":"2.0","definitions":{"x":1,"\u0078":2}}""")]
    [InlineData("""{"swagger":"2.0","definitions":{"x":"\ud800"}}""")]
    [InlineData("""{"swagger":"2.0","definitions":{"\ud800":"x"}}""")]
    [InlineData("""{"swagger":"2.0","info":{"title":"\udc00","version":"1"}}""")]
    [InlineData("""{"swagger":"2.0","info":{"title":"x"}""")]
    [InlineData("""{"swagger":"3.0"}""")]
    [InlineData("""[]""")]
    public async Task Describe_WhatCannotBeRead_IsNone(string answer) => Assert.Null(await AskAsync(Predictors.OdahuMlServer, answer));

    [Theory]
    [InlineData("""[{"name":"x","name":"y"}]""")]
    [InlineData("""[{"name":"\ud800"}]""")]
    [InlineData("""[]""")]
    public async Task Describe_AnIndexThatCannotBeRead_IsNone(string answer) => Assert.Null(await AskAsync(Predictors.Triton, answer));

    private static async Task<ModelDescription?> AskAsync(string predictor, string answer)
    {
        var (listener, port) = FreePort.Listen();
        var answering = AnswerAsync(listener, answer);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var said = await ModelInspector.DescribeAsync(client, predictor, Token);
        listener.Close();
        await answering;
        return said;
    }

    private static async Task AnswerAsync(HttpListener listener, string answer)
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer), Token);
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // It has answered what it was asked.
        }
    }
}
