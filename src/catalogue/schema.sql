CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    place TEXT NOT NULL UNIQUE,
    -- The document that it came in: an archive, a message.
    parent TEXT,
    file_name TEXT NOT NULL,
    readers TEXT NOT NULL,
    -- The version that was submitted last, and the one that is searched.
    wanted TEXT NOT NULL,
    current TEXT,
    size INTEGER NOT NULL,
    -- Its turn: when it came, in seconds, and more for a large file.
    turn REAL NOT NULL DEFAULT 0,
    -- Who handed it in: a person, a source.
    lane TEXT NOT NULL DEFAULT '',
    -- Passwords that were given with it. They lie beside the text that they protected: reading it
    -- anew needs them.
    passwords TEXT NOT NULL DEFAULT '[]',
    -- What it says of itself, as JSON. Not beside its text: what stands behind a large value in a
    -- row is read through it.
    said TEXT NOT NULL DEFAULT '{}',
    -- What people say of it, as JSON.
    metadata TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL,
    error TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX documents_by_state ON documents (state, updated_at);
CREATE INDEX documents_by_turn ON documents (state, turn);
CREATE INDEX documents_by_parent ON documents (parent);
CREATE INDEX documents_by_lane ON documents (lane, state, turn);
CREATE INDEX documents_by_content ON documents (wanted);

CREATE TABLE versions (
    document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    -- Who may read this version: it needs these and the document's. A newer version that is for
    -- more people does not open an older one.
    readers TEXT NOT NULL,
    file_name TEXT NOT NULL,
    size INTEGER NOT NULL,
    format TEXT,
    title TEXT,
    problems TEXT NOT NULL DEFAULT '[]',
    pages INTEGER,
    -- Numbers of pages that are pictures of text and were not read yet.
    needs_ocr TEXT NOT NULL DEFAULT '[]',
    -- Names how `body` was read; another reader reads again.
    reader TEXT,
    -- The document as compressed JSON.
    body BLOB,
    received_at TEXT,
    -- When a newer one took its place in the search. It stays, so that what quotes it can be
    -- looked up.
    replaced_at TEXT,
    PRIMARY KEY (document, version)
) STRICT;

CREATE TABLE chunks (
    id TEXT PRIMARY KEY,
    document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    -- Names the way of counting and the limit.
    cut TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    prepared TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    embedded INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX chunks_by_document ON chunks (document, ordinal);
CREATE INDEX chunks_by_text ON chunks (text_hash);

CREATE TABLE embeddings (
    model TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (model, text_hash)
) STRICT, WITHOUT ROWID;

-- What was read on such pages, until all of a version are.
CREATE TABLE recognized (
    document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    page INTEGER NOT NULL,
    -- The page as JSON, or why it could not be read.
    body TEXT,
    error TEXT,
    PRIMARY KEY (document, version, page)
) STRICT, WITHOUT ROWID;

-- What was taken from places that are kept in step with.
CREATE TABLE sourced (
    source TEXT NOT NULL,
    place TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (source, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
