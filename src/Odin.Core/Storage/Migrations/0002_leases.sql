-- Who works on what, where several servers share a database; where there is only one, both tables stay empty.
-- A server keeps its own row alive, and all of its leases live and die with it: a heartbeat is one row, however many runs
-- the server has. Times are microseconds since 1970 by the clock of the database.
CREATE TABLE servers (
    id {{text}} NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL
);

CREATE TABLE leases (
    name {{text}} NOT NULL PRIMARY KEY,
    owner {{text}} NOT NULL,
    token BIGINT NOT NULL
);

-- Makes the token a part of a key: to hand a lease to another server then waits for the transactions that rely on it,
-- while those do not wait for each other.
CREATE UNIQUE INDEX leases_by_token ON leases (name, token);
CREATE INDEX leases_by_owner ON leases (owner);
{{lease_tokens}}
