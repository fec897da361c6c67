
-- How much of what happened on each day (UTC). Nothing in it is of a person: kinds are outcomes,
-- verdicts, tokens and times of stages, and which documents were cited.
CREATE TABLE statistics (
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (day, kind, name)
) STRICT, WITHOUT ROWID;
