-- Persons, their keys and sessions. Times are seconds since 1970: they are reckoned with.
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    -- What they sign in with, folded.
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    -- Argon2id, as a PHC string; none until an invitation is taken up.
    password TEXT,
    role TEXT NOT NULL,
    -- Groups, as JSON.
    member_of TEXT NOT NULL DEFAULT '[]',
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

-- Of secrets only the SHA-256 is kept.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    used_at INTEGER
) STRICT;
CREATE INDEX api_keys_by_person ON api_keys (person);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    -- The token before the present one: requests that were on their way when it changed show it.
    previous TEXT,
    rotated_at INTEGER NOT NULL,
    -- What forms of its pages carry.
    form TEXT NOT NULL,
    -- Whose it is: a person's, or that of a key of the configuration, by its SHA-256.
    person TEXT REFERENCES people (id) ON DELETE CASCADE,
    key TEXT,
    agent TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    CHECK ((person IS NULL) <> (key IS NULL))
) STRICT;
CREATE INDEX sessions_by_previous ON sessions (previous);
CREATE INDEX sessions_by_person ON sessions (person);

-- Links that work once: to set the server up, which is nobody's, and for persons to choose a
-- password.
CREATE TABLE links (
    hash TEXT PRIMARY KEY,
    person TEXT REFERENCES people (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX links_by_person ON links (person);
