CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    -- Whose it is: a person's id, the name of a key, `local`.
    owner TEXT NOT NULL,
    -- Empty until the first question is asked.
    title TEXT NOT NULL,
    -- In milliseconds, both.
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_owner ON conversations (owner, updated_at, id);

CREATE TABLE turns (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    -- The turn in whose place it comes once it is whole.
    replaces TEXT,
    question TEXT NOT NULL,
    -- What was searched for, where it was not the question.
    searched_for TEXT,
    filter TEXT NOT NULL,
    -- running, done, stopped or failed
    state TEXT NOT NULL,
    -- The whole checked answer as it was sent, with its proof; of a stopped turn what was released.
    answer TEXT,
    -- The text of the answer, which searches look at.
    said TEXT NOT NULL DEFAULT '',
    -- The document of each chunk that was found for it, as JSON: the answer names their titles.
    consulted TEXT NOT NULL DEFAULT '{}',
    suggestions TEXT NOT NULL DEFAULT '[]',
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX turns_by_conversation ON turns (conversation, ordinal);

-- Who is removed leaves no conversations.
CREATE TRIGGER conversations_of_people AFTER DELETE ON people
BEGIN DELETE FROM conversations WHERE owner = OLD.id; END;
