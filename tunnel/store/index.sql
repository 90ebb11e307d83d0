-- The search index, version 1. Beside these there is a table part_<n> for each part:
-- FTS5 trigrams, contentless, without positions.

CREATE TABLE about (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,              -- of the database that it belongs to
    rev   INTEGER NOT NULL,           -- the database's when it was last looked at
    upto  INTEGER NOT NULL            -- deliveries up to this number have been looked at
) STRICT;

CREATE TABLE parts (
    n     INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    rows  INTEGER NOT NULL
) STRICT;

-- Deliveries whose body is too long for a part.
CREATE TABLE large (seq INTEGER PRIMARY KEY) STRICT;
