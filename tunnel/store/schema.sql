-- Schema 1. Times are Unix microseconds, durations microseconds, states and verdicts their names.
-- A delivery's row is small and is rewritten with every change; its bytes lie in contents and are written once.

CREATE TABLE clock (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    rev   INTEGER NOT NULL,           -- of the newest change ever made, even if its row is gone
    seq   INTEGER NOT NULL,           -- of the newest delivery ever recorded
    count INTEGER NOT NULL,           -- deliveries stored now
    bytes INTEGER NOT NULL,           -- of their bodies and headers, and of the answers'
    epoch TEXT NOT NULL               -- random; another value means another history
) STRICT;

CREATE TABLE deliveries (
    seq          INTEGER PRIMARY KEY,
    rev          INTEGER NOT NULL,
    first_rev    INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    event        TEXT NOT NULL,
    about        TEXT NOT NULL,
    delivery_id  TEXT NOT NULL,
    hook         TEXT NOT NULL,
    subscription TEXT NOT NULL,
    source       TEXT NOT NULL,
    verdict      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    state        TEXT NOT NULL,
    arrivals     INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    method       TEXT NOT NULL,
    path         TEXT NOT NULL,
    remote       TEXT NOT NULL,
    size         INTEGER NOT NULL,    -- bytes of the body as received, which may be more than is kept
    kept         INTEGER NOT NULL,    -- bytes that this delivery takes in contents, and its attempts' answers
    digest       BLOB NOT NULL,       -- SHA-256 of the body as kept
    proof        BLOB                 -- 16 bytes that stand for hook and signature; NULL when not verified
) STRICT;

CREATE INDEX deliveries_rev ON deliveries (rev);
CREATE UNIQUE INDEX deliveries_proof ON deliveries (proof) WHERE proof IS NOT NULL;
CREATE INDEX deliveries_delivery_id ON deliveries (delivery_id) WHERE proof IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (seq) WHERE state = 'waiting';
CREATE INDEX deliveries_unverified ON deliveries (seq) WHERE proof IS NULL;

CREATE TABLE contents (
    seq    INTEGER PRIMARY KEY,
    header BLOB NOT NULL,             -- "Name: value" lines in the order received
    body   BLOB NOT NULL              -- exactly the bytes that were signed
) STRICT;

CREATE TABLE attempts (
    seq      INTEGER NOT NULL,        -- the delivery's
    n        INTEGER NOT NULL,        -- 1, 2, ...
    rev      INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    at       INTEGER NOT NULL,
    url      TEXT NOT NULL,
    status   INTEGER NOT NULL,        -- 0: no answer
    duration INTEGER NOT NULL,
    error    TEXT NOT NULL,
    size     INTEGER NOT NULL,
    header   BLOB NOT NULL,
    body     BLOB NOT NULL,
    PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;

-- What we asked Pictify to call, and what we were about to ask. The row is written before the request:
-- after a crash it says what to look for.
CREATE TABLE subscriptions (
    token           TEXT PRIMARY KEY, -- the last part of the path; chooses the secret
    state           TEXT NOT NULL,    -- intended, live, retired
    kind            TEXT NOT NULL,    -- registered, local
    api             TEXT NOT NULL,    -- base URL of the service it exists at
    uid             TEXT NOT NULL,
    event           TEXT NOT NULL,
    filters         TEXT NOT NULL,    -- JSON
    target_url      TEXT NOT NULL,
    secret          TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

-- One-time keys by which an open page gets the token of the next run. Only their SHA-256 is here.
CREATE TABLE grants (
    hash BLOB PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
