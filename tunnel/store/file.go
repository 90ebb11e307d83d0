package store

import (
	"context"
	"crypto/rand"
	"database/sql"
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

// isCode reports whether SQLite's complaint is of this kind.
func isCode(err error, primary int) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code()&0xff == primary
}

// smallestFile is SQLite's smallest page.
const smallestFile = 512

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
	if size := info.Size(); size > 0 && size < smallestFile {
		return fmt.Errorf("%w: it has %d bytes", ErrCorrupt, size) // SQLite would take it for a new one
	}
	if info.Mode().Perm() != 0o600 {
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
	if isCode(err, sqlite3.SQLITE_CORRUPT) || isCode(err, sqlite3.SQLITE_NOTADB) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// inspect looks whether a file is ours, of a version we know, and sound. db must
// have been opened read-only, so that nothing is changed. Opening for writing is
// itself a change: SQLite then sets the journal mode of whatever it finds, and
// when it closes the file it copies the log that lies beside it into it, be it the
// log of another database. query_only alone would not do.
//
// It looks for damage where that is cheap; the rest is checked by SQLite as it is
// read. fresh means that there is nothing in the file yet.
func inspect(ctx context.Context, db *sql.DB) (fresh bool, err error) {
	var app, version, tables, pages int64
	err = db.QueryRowContext(ctx, `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema), page_count
		FROM pragma_application_id, pragma_user_version, pragma_page_count`).Scan(&app, &version, &tables, &pages)
	if err != nil {
		return false, fmt.Errorf("read header: %w", err)
	}
	switch {
	case app == 0 && tables == 0:
		return true, nil
	case app != applicationID:
		return false, fmt.Errorf("%w (application id %#x)", ErrForeign, app)
	case version > schemaVersion:
		return false, fmt.Errorf("%w (schema %d, this one knows %d)", ErrNewer, version, schemaVersion)
	}
	var clocks int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM clock").Scan(&clocks)
	if isCode(err, sqlite3.SQLITE_ERROR) || err == nil && clocks != 1 {
		return false, fmt.Errorf("%w: it has %d clocks (%v)", ErrCorrupt, clocks, err)
	}
	if err != nil || pages > quickCheckPages {
		return false, err
	}
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return false, fmt.Errorf("check file: %w", err)
	}
	if verdict != "ok" {
		return false, fmt.Errorf("%w: %s", ErrCorrupt, verdict)
	}
	return false, nil
}

// mustBeWritable finds out at once what would make every write fail: a header that
// reserves writing for a later version of SQLite. Nothing is written.
func (c *writeConn) mustBeWritable(ctx context.Context) error {
	_, err := c.conn.ExecContext(ctx, "UPDATE clock SET rev = rev WHERE id = 0") // no such row
	if isCode(err, sqlite3.SQLITE_READONLY) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// create makes the schema, unless another process has just made it.
func (c *writeConn) create(ctx context.Context) (err error) {
	run := func(q string) {
		if err == nil {
			_, err = c.conn.ExecContext(ctx, q)
		}
	}
	run("BEGIN IMMEDIATE") // a transaction that began to read could not go on to write
	var tables int
	if err == nil {
		err = c.conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables)
	}
	if tables == 0 {
		run(schema)
		run(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, schemaVersion))
		run(fmt.Sprintf("INSERT INTO clock VALUES (1, 0, 0, 0, 0, '%s')", rand.Text()))
	}
	run("COMMIT")
	if err != nil {
		return fmt.Errorf("create schema: %w", err) // the connection is closed, which rolls back
	}
	return nil
}

// quickCheckPages is the size up to which the whole file is checked at start:
// 2,000 pages take some 10 ms.
const quickCheckPages = 2000

// MoveAside renames a database that cannot be read, with its log, so that a new
// one can take its place, and returns its new path. Nothing is deleted or
// overwritten: somebody may want to look at it.
func MoveAside(path string, now time.Time) (aside string, err error) {
	aside = fmt.Sprintf("%s.corrupt-%s", path, now.UTC().Format("20060102-150405.000"))
	for n := 2; exists(aside); n++ {
		aside = fmt.Sprintf("%s.corrupt-%s-%d", path, now.UTC().Format("20060102-150405.000"), n)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} { // the log first: it must not meet a new database
		err := os.Rename(path+suffix, aside+suffix)
		if err != nil && !(suffix != "" && errors.Is(err, fs.ErrNotExist)) {
			return "", fmt.Errorf("move database aside: %w", err)
		}
	}
	return aside, nil
}

// sizeOf adds up files. One that is not there has none.
func sizeOf(paths ...string) (total int64, err error) {
	for _, path := range paths {
		info, err := os.Lstat(path)
		switch {
		case err == nil:
			total += info.Size()
		case !errors.Is(err, fs.ErrNotExist):
			return 0, err
		}
	}
	return total, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
