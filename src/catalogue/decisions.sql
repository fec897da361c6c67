-- What an administrator decided on what somebody said of an answer; it goes with what was said.
ALTER TABLE feedback ADD COLUMN decision TEXT CHECK (decision IN ('accepted', 'refused'));
ALTER TABLE feedback ADD COLUMN decided_by TEXT;
ALTER TABLE feedback ADD COLUMN decided_at INTEGER;
-- Whether its correction has a sentence that the documents do not say.
ALTER TABLE feedback ADD COLUMN is_unsupported INTEGER NOT NULL DEFAULT 0;

-- Of what is kept already.
UPDATE feedback SET is_unsupported = EXISTS (
    SELECT 1 FROM json_each(feedback.corrected) s
    WHERE coalesce(json_extract(s.value, '$.verdict'), '') NOT IN ('supported', 'not_checkable')
);

-- Newest first, a page at a time: all, of one kind, those that wait, those that are decided on.
CREATE INDEX feedback_by_given ON feedback (given_at, id);
CREATE INDEX feedback_by_kind ON feedback (kind, given_at, id);
CREATE INDEX feedback_waiting ON feedback (given_at, id, kind, is_unsupported, decision)
    WHERE is_unsupported = 1 AND decision IS NULL;
CREATE INDEX feedback_by_decision ON feedback (decision, given_at, id, kind) WHERE decision IS NOT NULL;
