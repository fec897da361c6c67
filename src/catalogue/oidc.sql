-- What persons are to providers that vouch for them (OpenID Connect).
CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    -- The two that name somebody for good; names and addresses there change hands.
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    -- Groups as the provider said at the last signing in, as JSON. Those given here stand with the person.
    member_of TEXT NOT NULL DEFAULT '[]',
    linked_at INTEGER NOT NULL,
    seen_at INTEGER,
    UNIQUE (issuer, subject)
) STRICT;
CREATE INDEX identities_by_person ON identities (person);
