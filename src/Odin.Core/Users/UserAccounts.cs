using Odin.Resources;
using Odin.Storage;

namespace Odin.Users;

/// <summary>What may be changed of a user; null or empty keeps what there is.</summary>
public sealed record UserChange(string? Password, string? FirstName, string? LastName)
{
    public override string ToString() => $"UserChange {{ FirstName = {FirstName}, LastName = {LastName} }}";
}

/// <summary>What came of the wish to delete a user.</summary>
public abstract record UserDeletion
{
    /// <summary>Gone.</summary>
    /// <param name="User">As they were.</param>
    public sealed record Deleted(User User) : UserDeletion;

    /// <summary>There is no user of that name.</summary>
    public sealed record NotFound : UserDeletion;

    /// <summary>They are the only user, and stay.</summary>
    public sealed record OnlyOne : UserDeletion;
}

/// <summary>The users of the server: who they are and whether a password is theirs.</summary>
public sealed class UserAccounts(IResourceStore store, PasswordHasher hasher, TimeProvider time)
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
    public Task<User> CreateAsync(string name, string password, string? firstName, string? lastName, CancellationToken cancellationToken)
    {
        var user = new User(new ResourceMetadata { Id = name }, new UserSpec(hasher.Hash(password), firstName, lastName));
        return store.CreateAsync(user, time, cancellationToken);
    }

    /// <summary>Changes a user; null if there is none of that name. A password, even the same one, ends the tokens there are.</summary>
    public async Task<User?> UpdateAsync(string name, UserChange change, CancellationToken cancellationToken)
    {
        var hash = string.IsNullOrEmpty(change.Password) ? null : hasher.Hash(change.Password);
        return await ChangeAsync(
            name,
            spec => spec with
            {
                PasswordHash = hash ?? spec.PasswordHash,
                PasswordChanged = hash is null ? spec.PasswordChanged : NextSecond(),
                FirstName = string.IsNullOrEmpty(change.FirstName) ? spec.FirstName : change.FirstName,
                LastName = string.IsNullOrEmpty(change.LastName) ? spec.LastName : change.LastName,
            },
            cancellationToken);
    }

    /// <summary>Removes a user, unless there is no other: then nobody could log in any more.</summary>
    public async Task<UserDeletion> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await FindAsync(name, cancellationToken) is not { } user)
                return new UserDeletion.NotFound();
            var two = await store.ListAsync<User>(new ResourceQuery { Limit = 2 }, cancellationToken);
            if (two.Items.FirstOrDefault(u => u.Name != name) is not { } other)
                return new UserDeletion.OnlyOne();
            try
            {
                await store.ApplyAsync(Deletion(user, other), cancellationToken);
                return new UserDeletion.Deleted(user);
            }
            catch (Exception e) when (e is ResourceConflictException or ResourceNotFoundException)
            {
                // The one who was to stay has changed or gone: look again.
            }
        }
    }

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

    /// <summary>Makes sure that the user exists and has this password.</summary>
    public async Task EnsureAsync(string name, string password, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken) is not { } user)
        {
            try
            {
                await CreateAsync(name, password, null, null, cancellationToken);
                return;
            }
            catch (ResourceAlreadyExistsException)
            {
                // Another server on the same database was faster, with the same settings.
                return;
            }
        }
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

    // The one who stays is written unchanged, which fails if they are deleted at the same time, by whichever server. In the
    // order of names, so that two transactions that mean each other do not wait for each other.
    private ResourceBatch Deletion(User user, User other)
    {
        var batch = new ResourceBatch(time);
        if (string.CompareOrdinal(user.Name, other.Name) < 0)
        {
            batch.Delete<User>(user.Name);
            batch.UpdateStatus(other);
        }
        else
        {
            batch.UpdateStatus(other);
            batch.Delete<User>(user.Name);
        }
        return batch;
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
