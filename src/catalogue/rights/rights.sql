-- Who may do how much with documents. A document names the list that counts for it, and so do its
-- chunks in both indexes: who is on a list changes in one row.
CREATE TABLE access_lists (
    id TEXT PRIMARY KEY,
    -- `default`, `collection`, or `own`: the rights of documents, shared by those with equal ones.
    kind TEXT NOT NULL,
    -- Of a collection: its name, and the name as collections are compared.
    name TEXT,
    folded TEXT UNIQUE,
    -- Principal to level, as JSON. A collection without follows the default list.
    grants TEXT
) STRICT;
-- Nobody is on it until the configuration is read.
INSERT INTO access_lists (id, kind, grants) VALUES ('default', 'default', '{}');
-- The list that counts; nobody may do anything where there is none.
ALTER TABLE documents ADD COLUMN list TEXT NOT NULL DEFAULT '';
-- What people say: the id of a list, or `inherit`; nothing, if it keeps what it was handed in with
-- (`readers`).
ALTER TABLE documents ADD COLUMN own_rights TEXT;
CREATE INDEX documents_by_list ON documents (list);
-- The list that a version had when another took its place: reading it takes this one and that of
-- the document, so that what opens a newer version does not open an older one.
ALTER TABLE versions ADD COLUMN access TEXT;
CREATE INDEX versions_apart ON versions (document) WHERE access IS NOT NULL AND replaced_at IS NULL;
