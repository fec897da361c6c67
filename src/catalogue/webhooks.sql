-- Who is told of what becomes of documents.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    -- What messages are signed with; none where the configuration says where that is read from.
    secret TEXT,
    -- Whether it stands in the configuration.
    configured INTEGER NOT NULL DEFAULT 0,
    -- Names of events and of collections, as JSON; all if empty.
    events TEXT NOT NULL DEFAULT '[]',
    collections TEXT NOT NULL DEFAULT '[]',
    include_title INTEGER NOT NULL DEFAULT 0,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL
) STRICT;

-- What is to be told to whom, and what became of it. Written by the triggers below, in the
-- transaction that changes the document: so nothing is told that did not happen, and what
-- happened is told, whatever crashes.
CREATE TABLE webhook_messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    document TEXT NOT NULL,
    version TEXT,
    document_state TEXT,
    title TEXT,
    happened_at TEXT NOT NULL,
    -- pending, delivered, or dead: given up.
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    -- When it is sent next, and when it was over, in seconds.
    next_at INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER,
    -- What the last attempt came to.
    status INTEGER,
    error TEXT
) STRICT;
CREATE INDEX webhook_messages_due ON webhook_messages (next_at, seq) WHERE state = 'pending';
CREATE INDEX webhook_messages_in_order ON webhook_messages (webhook, document, seq) WHERE state = 'pending';
CREATE INDEX webhook_messages_by_webhook ON webhook_messages (webhook, seq);
CREATE INDEX webhook_messages_by_end ON webhook_messages (ended_at);

-- What is written here goes to all who want it.
CREATE VIEW webhook_events (event, document, version, document_state, collection, title) AS
    SELECT NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;
CREATE TRIGGER webhook_events_told INSTEAD OF INSERT ON webhook_events BEGIN
    INSERT INTO webhook_messages (id, webhook, event, document, version, document_state, title, happened_at)
    SELECT 'msg_' || lower(hex(randomblob(16))), w.id, NEW.event, NEW.document, NEW.version, NEW.document_state,
        CASE WHEN w.include_title THEN NEW.title END, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    FROM webhooks w
    WHERE NOT w.disabled
        AND (w.events = '[]' OR EXISTS (SELECT 1 FROM json_each(w.events) WHERE value = NEW.event))
        AND (w.collections = '[]' OR EXISTS (
            SELECT 1 FROM json_each(w.collections) WHERE lower(value) = lower(NEW.collection)));
END;

CREATE TRIGGER webhooks_document_received AFTER INSERT ON documents BEGIN
    INSERT INTO webhook_events VALUES ('document.received', NEW.id, NEW.wanted, NEW.state,
        json_extract(NEW.metadata, '$.collection'),
        coalesce(json_extract(NEW.metadata, '$.title'), NEW.file_name));
END;
CREATE TRIGGER webhooks_version_received AFTER UPDATE OF wanted ON documents WHEN NEW.wanted <> OLD.wanted BEGIN
    INSERT INTO webhook_events VALUES ('document.received', NEW.id, NEW.wanted, NEW.state,
        json_extract(NEW.metadata, '$.collection'),
        coalesce(json_extract(NEW.metadata, '$.title'), NEW.file_name));
END;
CREATE TRIGGER webhooks_document_ended AFTER UPDATE OF state ON documents
WHEN NEW.state <> OLD.state AND NEW.state IN ('ready', 'ready_with_warnings', 'failed', 'cancelled') BEGIN
    INSERT INTO webhook_events VALUES (
        CASE WHEN NEW.state IN ('failed', 'cancelled') THEN 'document.' || NEW.state ELSE 'document.ready' END,
        NEW.id, NEW.wanted, NEW.state,
        json_extract(NEW.metadata, '$.collection'),
        coalesce(json_extract(NEW.metadata, '$.title'),
            (SELECT title FROM versions WHERE document = NEW.id AND version = NEW.wanted), NEW.file_name));
END;
CREATE TRIGGER webhooks_document_deleted AFTER DELETE ON documents BEGIN
    INSERT INTO webhook_events VALUES ('document.deleted', OLD.id, OLD.wanted, 'deleted',
        json_extract(OLD.metadata, '$.collection'),
        coalesce(json_extract(OLD.metadata, '$.title'), OLD.file_name));
END;
