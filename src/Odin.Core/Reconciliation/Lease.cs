using Odin.Storage;

namespace Odin.Reconciliation;

/// <summary>
/// The right to work on something, for as long as <see cref="IsHeld"/> says so. Ask before every act that the store does not
/// check: a program may have been stopped for a minute between any two of its instructions.
/// </summary>
public sealed class Lease
{
    private readonly LeaseKeeper keeper;
    private readonly string server;
    private volatile bool released;

    internal Lease(LeaseKeeper keeper, string server, LeaseToken token) => (this.keeper, this.server, Token) = (keeper, server, token);

    /// <summary>What a <see cref="ResourceBatch"/> carries.</summary>
    public LeaseToken Token { get; }

    /// <summary>
    /// True while no other server can have it: a matter of the clock alone, so that it is right even before anything has
    /// noticed that the time is over. Never true again once it was false.
    /// </summary>
    public bool IsHeld => !released && keeper.Lives(server);

    /// <exception cref="LeaseLostException">The lease is lost.</exception>
    public void ThrowIfLost()
    {
        if (!IsHeld)
            throw new LeaseLostException(Token.Name);
    }

    internal void Release() => released = true;
}
