package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// An index knows which deliveries may have a text in them, so that a search need
// not read all bodies. It only proposes: what is found, [Search.Match] decides.
//
// It is a file of its own beside the database, which can be removed at any time:
// what it does not cover is read. So nothing that happens to it, from a full disk to
// garbage, reaches the database or stops anything, and whatever does not fit is
// thrown away and built again. It is written by the process with Options.Index, by
// one goroutine behind the writer; others read it.
//
// The text of a delivery is cut into groups of three characters (FTS5's trigrams), all
// in lower case as [Search] sees it. Which deliveries have which group is kept in
// parts of indexPart deliveries each. Part by part, because to remove a part is to drop
// a table, whereas to remove single rows from FTS5 is to rewrite what lies around
// them: with rows coming and going that took seconds at a time.
type index struct {
	s      *Store
	path   string
	size   int64       // of a part, in deliveries
	broken atomic.Bool // somebody met an error that a new file would cure
	dense  atomic.Pointer[denseStretch]

	filling sync.Mutex // held by the one who writes, who also guards the next two
	writer  *sql.DB    // the index; nil until first used
	source  *sql.DB    // the database, by a connection that goes when it is not used; likewise

	mu      sync.RWMutex // held for reading while the file is read, for writing while the rest changes
	db      *sql.DB      // for readers; nil until first used
	trusted bool         // whoever keeps the index has looked at it
}

const (
	indexID      = 0x70637478 // "pctx", as application_id
	indexVersion = 1

	// indexPart is how many deliveries share a part. Fewer would cost more when a
	// text is nowhere, more would take longer to pass over in one go.
	indexPart = 12_000

	// indexBody is the longest body in the index, in bytes. A longer one takes long to
	// cut up and has nearly every group anyway: it is always read.
	indexBody = 32 << 10
)

//go:embed index.sql
var indexSchema string

// indexPath is where the index of the database in path lies.
func indexPath(path string) string { return strings.TrimSuffix(path, ".db") + "-search.db" }

func newIndex(s *Store) *index {
	return &index{s: s, path: indexPath(s.path), size: indexPart, trusted: !s.opts.Index}
}

// errStale says that the index is not, or no longer, one of this database.
var errStale = errors.New("index of another database or version")

// An indexState is what the index covers.
type indexState struct {
	known     bool // the file has our mark and version
	epoch     string
	rev, upto int64
	parts     []indexPartOf // the newest first
}

// An indexPartOf is a part: all verified deliveries with these numbers, and only
// they, are in it. Its table is named after n.
type indexPartOf struct {
	n, first, last int64
	rows           int64 // deliveries in it when they were last counted
}

func (p indexPartOf) table() string { return fmt.Sprintf("part_%d", p.n) }

// fits reports whether the index belongs to the database as it is now. A revision from
// the future means that the database has been replaced by an older copy of itself, in
// which numbers stand for other deliveries.
func (s indexState) fits(epoch string, rev int64) bool {
	return s.known && s.epoch == epoch && s.rev <= rev
}

func readIndex(ctx context.Context, tx *sql.Tx) (s indexState, err error) {
	var app, version int64
	err = tx.QueryRowContext(ctx, `SELECT application_id, user_version, epoch, rev, upto
		FROM pragma_application_id, pragma_user_version, about`).Scan(&app, &version, &s.epoch, &s.rev, &s.upto)
	if err != nil {
		return s, err
	}
	s.known = app == indexID && version == indexVersion
	s.parts, err = indexParts(ctx, tx)
	return s, err
}

func indexParts(ctx context.Context, tx *sql.Tx) ([]indexPartOf, error) {
	rows, err := tx.QueryContext(ctx, "SELECT n, first, last, rows FROM parts ORDER BY n DESC")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []indexPartOf
	for rows.Next() {
		var p indexPartOf
		if err := rows.Scan(&p.n, &p.first, &p.last, &p.rows); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// open returns the file to be written. NORMAL syncs the log before it is copied and
// not with each commit: after a loss of power the newest part of the index is missing,
// and what is there is whole.
func (x *index) open() *sql.DB {
	if x.writer == nil {
		x.writer = openDB(dsn(x.path, "journal_mode(WAL)", "synchronous(NORMAL)", "checkpoint_fullfsync(1)", "cache_size(-500)"))
		x.writer.SetMaxOpenConns(1)
		x.writer.SetConnMaxIdleTime(indexIdle)
		x.source = openDB(uri(x.s.path, "ro", "query_only(1)", "cache_size(-200)"))
		x.source.SetMaxOpenConns(1)
		x.source.SetConnMaxIdleTime(indexIdle)
	}
	return x.writer
}

// indexIdle is for how long a connection to the index is kept that nobody uses: one
// takes a megabyte or two.
const indexIdle = 20 * time.Second

// create makes a new index in place of what is there. Only a regular file is ever
// removed.
func (x *index) create(ctx context.Context) error {
	x.closeFiles() // an error would be about the file that goes
	x.mu.Lock()
	defer x.mu.Unlock()
	if info, err := os.Lstat(x.path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is a %s", ErrForeign, describe(info.Mode()))
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Remove(x.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := prepareFile(x.path); err != nil {
		return err
	}
	_, err := x.open().ExecContext(ctx, fmt.Sprintf("BEGIN; %s PRAGMA application_id = %d; PRAGMA user_version = %d; INSERT INTO about VALUES (1, '%s', 0, 0); COMMIT",
		indexSchema, indexID, indexVersion, x.s.epoch))
	x.broken.Store(false)
	return err
}

// fault notes an error of the file. It is never the caller's: without the index there
// is less speed, and that is all.
func (x *index) fault(ctx context.Context, err error) {
	if ctx.Err() == nil && !isFull(err) && x.s.opts.Index && !x.broken.Swap(true) {
		x.s.opts.Log.Debug("search index is built anew", "err", err)
	}
}

// isFull reports whether err is about the disk, or another process, rather than about
// what is in the file.
func isFull(err error) bool {
	for _, code := range []int{sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY} {
		if isCode(err, code) {
			return true
		}
	}
	return false
}

// close ends all use of the file, for ever if the store has ended.
func (x *index) close() error {
	x.filling.Lock()
	defer x.filling.Unlock()
	return x.closeFiles()
}

func (x *index) closeFiles() (err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db != nil {
		err = x.db.Close()
	}
	if x.writer != nil {
		err = errors.Join(err, x.writer.Close(), x.source.Close())
	}
	x.db, x.writer, x.source, x.trusted = nil, nil, nil, false
	return err
}
