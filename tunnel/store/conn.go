package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"modernc.org/sqlite"
)

func openDB(dsn string) *sql.DB {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		panic(fmt.Sprintf("store: bad DSN %q: %v", dsn, err)) // dsn() made it
	}
	return sql.OpenDB(c)
}

// A writeConn is the one connection that writes, with its statements prepared.
// It is used by one goroutine at a time.
type writeConn struct {
	db   *sql.DB
	conn *sql.Conn
	stmt [numStatements]*sql.Stmt
}

// openWriteConn opens the writing connection. Checkpoints are not automatic:
// one in the middle of a commit would make its callers wait for a second sync,
// so another connection makes them (see writer.checkpoints). fullfsync matters
// on macOS only, where plain fsync does not reach the drive.
func openWriteConn(ctx context.Context, path string) (*writeConn, error) {
	dataSync()
	c := &writeConn{db: openDB(dsn(path,
		"journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(0)", "cache_size(-4000)",
		"fullfsync(1)", "checkpoint_fullfsync(1)", "journal_size_limit(33554432)"))}
	c.db.SetMaxOpenConns(1)
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, c.db.Close())
	}
	c.conn = conn
	return c, nil
}

// dataSync makes SQLite sync with fdatasync(2) where there is one, as it does in
// most builds: a commit is as durable, and the file's times need no write of
// their own. macOS and Windows have other calls, and the setting is refused.
var dataSync = sync.OnceFunc(func() {
	if _, err := sqlite.Fdatasync(true); err != nil && !errors.Is(err, sqlite.ErrFdatasyncUnavailable) {
		panic(fmt.Sprintf("store: %v", err)) // it knows no other error
	}
})

func (c *writeConn) prepare(ctx context.Context) error {
	for i, q := range statements {
		st, err := c.conn.PrepareContext(ctx, q)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", q, classify(err))
		}
		c.stmt[i] = st
	}
	return nil
}

func (c *writeConn) close() error {
	var errs []error
	for _, st := range c.stmt {
		if st != nil {
			errs = append(errs, st.Close())
		}
	}
	return errors.Join(append(errs, c.conn.Close(), c.db.Close())...)
}

// The statements of the writer, prepared once: at thousands of deliveries a
// second, parsing SQL would be most of the work.
const (
	begin = iota
	commit
	rollback
	readClock
	writeClock
	findProof
	findDeliveryID
	insertDelivery
	insertContents
	repeatDelivery
	insertAttempt
	touchDelivery
	numStatements
)

var statements = [numStatements]string{
	begin:      "BEGIN IMMEDIATE",
	commit:     "COMMIT",
	rollback:   "ROLLBACK",
	readClock:  "SELECT rev, seq, count, bytes FROM clock",
	writeClock: "UPDATE clock SET rev = ?, seq = ?, count = ?, bytes = ?",

	findProof: "SELECT seq FROM deliveries WHERE proof = ?",
	findDeliveryID: `SELECT seq FROM deliveries INDEXED BY deliveries_delivery_id
		WHERE delivery_id = ? AND proof IS NOT NULL AND hook = ? AND digest = ? LIMIT 1`,
	insertDelivery: `INSERT INTO deliveries (seq, rev, first_rev, received_at, event, about, delivery_id, hook,
		subscription, source, verdict, reason, state, arrivals, attempts, method, path, remote, size, kept, proof, digest)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 1, 0, ?14, ?15, ?16, ?17, ?18, ?19, ?20
		WHERE ?7 = '' OR ?19 IS NULL OR NOT EXISTS (
			SELECT 1 FROM deliveries INDEXED BY deliveries_delivery_id
			WHERE delivery_id = ?7 AND proof IS NOT NULL AND hook = ?8 AND digest = ?20)
		ON CONFLICT (proof) WHERE proof IS NOT NULL DO NOTHING`,
	insertContents: "INSERT INTO contents (seq, header, body) VALUES (?, ?, ?)",
	repeatDelivery: `UPDATE deliveries SET rev = ?, arrivals = arrivals + 1,
		state = CASE state WHEN 'failed' THEN ? ELSE state END
		WHERE seq = ? RETURNING state, arrivals, attempts, first_rev, received_at`,
	insertAttempt: `INSERT INTO attempts (seq, n, rev, kind, at, url, status, duration, error, size, header, body)
		SELECT seq, attempts, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM deliveries WHERE seq = ?`,
	touchDelivery: "UPDATE deliveries SET rev = ?1, attempts = attempts + 1, state = CASE ?2 WHEN '' THEN state ELSE ?2 END, kept = kept + ?3 WHERE seq = ?4",
}
