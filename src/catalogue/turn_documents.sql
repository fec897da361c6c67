-- The documents that a kept answer names or quotes: what is deleted leaves no word in it.
CREATE TABLE turn_documents (
    document TEXT NOT NULL,
    turn TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    PRIMARY KEY (document, turn)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_documents_by_turn ON turn_documents (turn);

-- Of the answers that are kept already.
INSERT OR IGNORE INTO turn_documents (turn, document)
SELECT t.id, f.value FROM turns t, json_each(t.consulted) f
UNION SELECT t.id, json_extract(s.value, '$.document') FROM turns t, json_each(t.suggestions) s
UNION SELECT t.id, json_extract(f.value, '$.document')
    FROM turns t, json_each(CASE WHEN json_valid(t.answer) THEN t.answer END, '$.findable') f
UNION SELECT t.id, json_extract(q.value, '$.document')
    FROM turns t, json_each(CASE WHEN json_valid(t.answer) THEN t.answer END, '$.claims') c,
        json_each(c.value, '$.citations') q
UNION SELECT t.id, json_extract(s.value, '$.citation.document')
    FROM turns t, json_each(CASE WHEN json_valid(t.answer) THEN t.answer END, '$.conflicts') c,
        json_each(c.value, '$.sides') s;
