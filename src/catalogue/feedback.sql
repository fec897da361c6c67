-- Answers that somebody judged, with what training needs of them.
CREATE TABLE judged_answers (
    -- The SHA-256 that its proof gives the answer.
    id TEXT PRIMARY KEY,
    -- Question, prompt, sentences and what wrote them, as JSON.
    body TEXT NOT NULL,
    judged_at INTEGER NOT NULL
) STRICT;

-- The documents whose text is in it.
CREATE TABLE judged_documents (
    answer TEXT NOT NULL REFERENCES judged_answers (id) ON DELETE CASCADE,
    document TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (answer, document, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX judged_documents_by_document ON judged_documents (document);

-- What was said of it: one judgement a person of the whole answer, and one of each sentence.
CREATE TABLE feedback (
    id TEXT PRIMARY KEY,
    answer TEXT NOT NULL REFERENCES judged_answers (id) ON DELETE CASCADE,
    actor TEXT NOT NULL,
    -- From 0; -1 for the whole answer.
    sentence INTEGER NOT NULL,
    kind TEXT NOT NULL,
    correction TEXT,
    -- The sentences of the correction as they were checked, as JSON.
    corrected TEXT NOT NULL DEFAULT '[]',
    note TEXT,
    given_at INTEGER NOT NULL,
    UNIQUE (answer, actor, sentence)
) STRICT;
CREATE INDEX feedback_by_actor ON feedback (actor);

-- What was deleted is not kept for training.
CREATE TRIGGER judged_documents_gone AFTER DELETE ON documents
BEGIN
    DELETE FROM judged_answers WHERE id IN (SELECT answer FROM judged_documents WHERE document = OLD.id);
END;
