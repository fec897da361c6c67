-- What lists of documents are sorted and filtered by, one short row for each document. Triggers keep
-- it, so that nothing that changes documents has to think of it. A later change of the columns that
-- `listing_source` reads drops the view and the triggers first, and makes them anew.
CREATE TABLE listing (
    document TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    -- Its title in lower case, as far as it is sorted by.
    name TEXT NOT NULL,
    -- Where words are looked for: title and file name in lower case.
    sought TEXT NOT NULL,
    state TEXT NOT NULL,
    -- The place of its state: what wants a person comes first.
    rank INTEGER NOT NULL,
    size INTEGER NOT NULL,
    changed TEXT NOT NULL,
    -- The access lists of its document and of its version, as chunks name them.
    access TEXT NOT NULL,
    wanted TEXT NOT NULL,
    lane TEXT NOT NULL,
    format TEXT,
    collection TEXT,
    -- Tags between line ends, the first and the last included.
    tags TEXT NOT NULL,
    has_problems INTEGER NOT NULL,
    -- The first day that it is in force, and the first that it is no more; empty if not known.
    starts TEXT NOT NULL,
    ends TEXT NOT NULL
) STRICT;
CREATE INDEX listing_by_name ON listing (name, document);
CREATE INDEX listing_by_changed ON listing (changed, document);
CREATE INDEX listing_by_size ON listing (size, document);
CREATE INDEX listing_by_rank ON listing (rank, document);
CREATE INDEX listing_by_access ON listing (access, state);
CREATE INDEX listing_by_content ON listing (wanted, access);

CREATE VIEW listing_source AS
SELECT
    d.id AS document,
    substr(lower(coalesce(json_extract(d.metadata, '$.title'), v.title, d.file_name)), 1, 120) AS name,
    lower(coalesce(json_extract(d.metadata, '$.title'), v.title, d.file_name) || char(10) || d.file_name) AS sought,
    d.state AS state,
    CASE d.state WHEN 'failed' THEN 0 WHEN 'ready_with_warnings' THEN 1 WHEN 'cancelled' THEN 2
        WHEN 'queued' THEN 3 WHEN 'extracting' THEN 4 WHEN 'chunking' THEN 5 WHEN 'indexing' THEN 6
        WHEN 'embedding' THEN 7 WHEN 'recognizing' THEN 8 WHEN 'ready' THEN 9 ELSE 10 END AS rank,
    d.size AS size,
    d.updated_at AS changed,
    d.list || coalesce('+' || v.access, '') AS access,
    d.wanted AS wanted,
    d.lane AS lane,
    v.format AS format,
    json_extract(d.metadata, '$.collection') AS collection,
    coalesce((SELECT char(10) || group_concat(value, char(10)) || char(10)
        FROM json_each(d.metadata, '$.tags')), '') AS tags,
    coalesce(v.problems, '[]') != '[]' OR d.error IS NOT NULL AS has_problems,
    coalesce(json_extract(d.metadata, '$.effective_from'), json_extract(d.said, '$.effective_from'), '') AS starts,
    coalesce(min(
        coalesce(date(coalesce(json_extract(d.metadata, '$.effective_until'), json_extract(d.said, '$.effective_until')), '+1 day'),
            json_extract(d.metadata, '$.superseded_on')),
        coalesce(json_extract(d.metadata, '$.superseded_on'),
            date(coalesce(json_extract(d.metadata, '$.effective_until'), json_extract(d.said, '$.effective_until')), '+1 day'))
    ), '') AS ends
FROM documents d LEFT JOIN versions v ON v.document = d.id AND v.version = d.wanted;

CREATE TRIGGER listing_document_insert AFTER INSERT ON documents BEGIN
    INSERT INTO listing SELECT * FROM listing_source WHERE document = NEW.id;
END;
CREATE TRIGGER listing_document_update
AFTER UPDATE OF file_name, list, wanted, size, lane, metadata, said, state, error, updated_at ON documents BEGIN
    UPDATE listing SET (name, sought, state, rank, size, changed, access, wanted, lane, format, collection, tags,
        has_problems, starts, ends) = (SELECT name, sought, state, rank, size, changed, access, wanted, lane, format,
        collection, tags, has_problems, starts, ends FROM listing_source WHERE document = NEW.id)
    WHERE document = NEW.id;
END;
CREATE TRIGGER listing_version_insert AFTER INSERT ON versions BEGIN
    UPDATE listing SET (name, sought, access, format, has_problems) = (SELECT name, sought, access, format, has_problems
        FROM listing_source WHERE document = NEW.document)
    WHERE document = NEW.document;
END;
CREATE TRIGGER listing_version_update AFTER UPDATE OF title, format, problems, access ON versions BEGIN
    UPDATE listing SET (name, sought, access, format, has_problems) = (SELECT name, sought, access, format, has_problems
        FROM listing_source WHERE document = NEW.document)
    WHERE document = NEW.document;
END;

INSERT INTO listing SELECT * FROM listing_source;
