using Odin.Resources;
using Odin.Storage;

namespace Odin.Users;

/// <summary>What may be changed of a user; null or empty keeps what there is.</summary>
public sealed record UserChange(string? Password, string? FirstName, string? LastName)
{
    /// <summary>Instead of those there are; null keeps them.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    public override string ToString() => $"UserChange {{ FirstName = {FirstName}, LastName = {LastName} }}";
}

/// <summary>What came of the wish to change or to delete a user.</summary>
public abstract record AccountOutcome
{
    /// <summary>It was done.</summary>
    /// <param name="User">As they are now; deleted: as they were.</param>
    public sealed record Done(User User) : AccountOutcome;

    /// <summary>There is no user of that name.</summary>
    public sealed record NotFound : AccountOutcome;

    /// <summary>There is no other who may do everything: they stay what they are.</summary>
    public sealed record OnlyAdmin : AccountOutcome;
}

/// <summary>The users of the server: who they are and whether a password is theirs.</summary>
/// <param name="adminRole">The role that allows everything, as having none does.</param>
public sealed class UserAccounts(IResourceStore store, PasswordHasher hasher, TimeProvider time, string adminRole)
{
    public Task<User?> FindAsync(string name, CancellationToken cancellationToken) =>
        UserNames.IsValid(name) ? store.FindAsync<User>(name, cancellationToken) : Task.FromResult<User?>(null);

    /// <summary>Users whose name contains the text, in either case, oldest first; null or empty: all.</summary>
    public async Task<IReadOnlyList<User>> ListAsync(string? contains, CancellationToken cancellationToken)
    {
        var users = new List<User>();
        var query = new ResourceQuery { IdContains = string.IsNullOrEmpty(contains) ? null : contains };
        await foreach (var user in store.EnumerateAsync<User>(query, cancellationToken))
            users.Add(user);
        return users;
    }

    /// <summary>Adds a user.</summary>
    /// <exception cref="ResourceAlreadyExistsException">The name is taken.</exception>
    /// <param name="wish">With a password; without roles they may do everything.</param>
    public Task<User> CreateAsync(string name, UserChange wish, CancellationToken cancellationToken)
    {
        var spec = new UserSpec(hasher.Hash(wish.Password!), wish.FirstName, wish.LastName) { Roles = wish.Roles };
        var user = new User(new ResourceMetadata { Id = name }, spec);
        return store.CreateAsync(user, time, cancellationToken);
    }

    /// <summary>Changes a user. A password, even the same one, ends the tokens there are. The last who may do everything keeps that right.</summary>
    public async Task<AccountOutcome> UpdateAsync(string name, UserChange change, CancellationToken cancellationToken)
    {
        var hash = string.IsNullOrEmpty(change.Password) ? null : hasher.Hash(change.Password);
        return await ApplyAsync(
            name,
            (batch, user) => batch.UpdateSpec(user with { Spec = Changed(user.Spec, change, hash) }),
            user => IsAdmin(user.Spec) && !IsAdmin(Changed(user.Spec, change, hash)),
            cancellationToken);
    }

    /// <summary>Removes a user, unless there is no other who may do everything: then nobody could any more.</summary>
    public Task<AccountOutcome> DeleteAsync(string name, CancellationToken cancellationToken) => ApplyAsync(
        name,
        (batch, user) =>
        {
            batch.Delete<User>(user.Name);
            return user;
        },
        // They may become an admin at the same moment.
        _ => true,
        cancellationToken);

    /// <summary>
    /// The user, if the password is theirs. A name that does not exist costs as much time as one that does. A hash in an
    /// older format is replaced on the way.
    /// </summary>
    public async Task<User?> LoginAsync(string name, string password, CancellationToken cancellationToken)
    {
        var user = await FindAsync(name, cancellationToken);
        var verdict = user is null ? hasher.VerifyNobody(password) : hasher.Verify(password, user.Spec.PasswordHash);
        if (user is null || verdict == PasswordVerdict.Wrong)
            return null;
        if (verdict == PasswordVerdict.RightButOutdated)
            await HashAgainAsync(user, password, cancellationToken);
        return user;
    }

    /// <summary>Makes sure that the user exists, has this password, and may do everything.</summary>
    public async Task EnsureAsync(string name, string password, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken) is not { } user)
        {
            try
            {
                await CreateAsync(name, new UserChange(password, null, null), cancellationToken);
                return;
            }
            catch (ResourceAlreadyExistsException)
            {
                // Another server on the same database was faster, with the same settings.
                return;
            }
        }
        if (user.Spec.Roles is not null)
            await ChangeAsync(name, spec => spec with { Roles = null }, cancellationToken);
        var verdict = hasher.Verify(password, user.Spec.PasswordHash);
        if (verdict == PasswordVerdict.Wrong)
            await UpdateAsync(name, new UserChange(password, null, null), cancellationToken);
        else if (verdict == PasswordVerdict.RightButOutdated)
            await HashAgainAsync(user, password, cancellationToken);
    }

    // The same password in another form: tokens stay good. One that was changed in the meantime stays as it is now.
    private Task<User?> HashAgainAsync(User user, string password, CancellationToken cancellationToken)
    {
        var hash = hasher.Hash(password);
        return ChangeAsync(
            user.Name, spec => spec.PasswordHash == user.Spec.PasswordHash ? spec with { PasswordHash = hash } : spec, cancellationToken);
    }

    // Rounded up: a token of this second may have been issued before the change.
    private DateTimeOffset NextSecond() => DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds() + 1);

    private bool IsAdmin(UserSpec spec) => spec.Roles is null || spec.Roles.Contains(adminRole);

    private UserSpec Changed(UserSpec spec, UserChange change, string? hash) => spec with
    {
        PasswordHash = hash ?? spec.PasswordHash,
        PasswordChanged = hash is null ? spec.PasswordChanged : NextSecond(),
        FirstName = string.IsNullOrEmpty(change.FirstName) ? spec.FirstName : change.FirstName,
        LastName = string.IsNullOrEmpty(change.LastName) ? spec.LastName : change.LastName,
        Roles = change.Roles ?? spec.Roles,
    };

    private async Task<AccountOutcome> ApplyAsync(string name, Func<ResourceBatch, User, User> write, Func<User, bool> needsAnother, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await FindAsync(name, cancellationToken) is not { } user)
                return new AccountOutcome.NotFound();
            var other = needsAnother(user) ? await FindOtherAdminAsync(name, cancellationToken) : null;
            if (other is null && needsAnother(user) && IsAdmin(user.Spec))
                return new AccountOutcome.OnlyAdmin();
            var batch = new ResourceBatch(time);
            // The one who stays is written unchanged, which fails if they are deleted or changed at the same time, by whichever server.
            // In the order of names, so that two transactions that mean each other do not wait for each other.
            var otherIsFirst = string.CompareOrdinal(other?.Name, name) < 0;
            if (other is not null && otherIsFirst)
                batch.UpdateStatus(other);
            var result = write(batch, user);
            if (other is not null && !otherIsFirst)
                batch.UpdateStatus(other);
            try
            {
                await store.ApplyAsync(batch, cancellationToken);
                return new AccountOutcome.Done(result);
            }
            catch (Exception e) when (e is ResourceConflictException or ResourceNotFoundException)
            {
                // One of them has changed or gone: look again.
            }
        }
    }

    private async Task<User?> FindOtherAdminAsync(string name, CancellationToken cancellationToken)
    {
        await foreach (var user in store.EnumerateAsync<User>(new ResourceQuery(), cancellationToken))
        {
            if (user.Name != name && IsAdmin(user.Spec))
                return user;
        }
        return null;
    }

    private async Task<User?> ChangeAsync(string name, Func<UserSpec, UserSpec> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await FindAsync(name, cancellationToken) is not { } user)
                return null;
            try
            {
                return await store.UpdateSpecAsync(user with { Spec = change(user.Spec) }, time, cancellationToken);
            }
            catch (ResourceConflictException)
            {
                // Changed in between: apply the change to what is there now.
            }
            catch (ResourceNotFoundException)
            {
                return null;
            }
        }
    }
}
