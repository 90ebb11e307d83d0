package store

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors of Open. The file is left as it was found.
var (
	ErrCorrupt = errors.New("not a readable database")
	ErrForeign = errors.New("a database of another program")
	ErrNewer   = errors.New("written by a newer pictap")
)

// applicationID marks our files ("pctp"), as SQLite's application_id pragma
// provides for it.
const applicationID = 0x70637470

// schemaVersion is kept in PRAGMA user_version.
const schemaVersion = 1

//go:embed schema.sql
var schema string

// prepareFile makes sure that the file exists and only its owner can read it
// before SQLite opens it: SQLite gives the write-ahead log the same mode.
func prepareFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is a %s", ErrForeign, describe(info.Mode()))
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(path, 0o600)
	}
	return nil
}

func describe(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "directory"
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	}
	return "special file"
}

// classify turns SQLite's complaints about the file itself into ours.
func classify(err error) error {
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	}
	return err
}

// migrate creates the schema in an empty file, or checks that the file is ours
// and of a version we know. It also looks for damage where that is cheap:
// counters, and the newest rows; the rest is checked by SQLite as it is read.
func (c *writeConn) migrate(ctx context.Context) error {
	var app, version, tables int64
	for query, to := range map[string]*int64{
		"PRAGMA application_id":              &app,
		"PRAGMA user_version":                &version,
		"SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if err := c.conn.QueryRowContext(ctx, query).Scan(to); err != nil {
			return fmt.Errorf("read header: %w", err)
		}
	}
	switch {
	case app == 0 && tables == 0:
		return c.create(ctx)
	case app != applicationID:
		return fmt.Errorf("%w (application id %#x)", ErrForeign, app)
	case version > schemaVersion:
		return fmt.Errorf("%w (schema %d, this one knows %d)", ErrNewer, version, schemaVersion)
	}
	return c.check(ctx)
}

func (c *writeConn) create(ctx context.Context) error {
	tx, err := c.conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("create schema: %w", err)
	}
	defer tx.Rollback() // no effect after Commit
	var tables int      // another process may have been faster
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil || tables > 0 {
		return err
	}
	for _, q := range []string{
		schema,
		fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, schemaVersion),
		fmt.Sprintf("INSERT INTO clock VALUES (1, 0, 0, 0, 0, '%s')", rand.Text()),
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("create schema: %w", err)
		}
	}
	return tx.Commit()
}

// quickCheckPages is the size up to which the whole file is checked at start:
// 2,000 pages take some 10 ms.
const quickCheckPages = 2000

func (c *writeConn) check(ctx context.Context) error {
	var pages int64
	if err := c.conn.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return fmt.Errorf("count pages: %w", err)
	}
	if pages > quickCheckPages {
		return nil
	}
	var verdict string
	if err := c.conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("check file: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrCorrupt, verdict)
	}
	return nil
}

// MoveAside renames a database that cannot be read, with its log, so that a new
// one can take its place, and returns its new path. Nothing is deleted: somebody
// may want to look at it.
func MoveAside(path string, now time.Time) (aside string, err error) {
	aside = fmt.Sprintf("%s.corrupt-%s", path, now.UTC().Format("20060102-150405.000"))
	for _, suffix := range []string{"-wal", "-shm", ""} { // the log first: it must not meet a new database
		err := os.Rename(path+suffix, aside+suffix)
		if err != nil && !(suffix != "" && errors.Is(err, fs.ErrNotExist)) {
			return "", fmt.Errorf("move database aside: %w", err)
		}
	}
	return aside, nil
}
