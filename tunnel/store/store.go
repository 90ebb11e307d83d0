package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// FileName is the database's name inside the state directory.
const FileName = "pictap.db"

// Options say how a store behaves. The zero value is ready to use.
type Options struct {
	Log *slog.Logger     // nil means silence
	Now func() time.Time // nil means time.Now

	KeepCount int64 // verified deliveries kept, give or take a hundredth; 0 means 100,000
	KeepBytes int64 // bytes of their bodies and headers, likewise; 0 means 1 GiB

	// Index keeps the search index up to date, in a file beside the database. For
	// the one process that holds the [Lock]; others use what is there.
	Index bool
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.KeepCount == 0 {
		o.KeepCount = 100_000
	}
	if o.KeepBytes == 0 {
		o.KeepBytes = 1 << 30
	}
	return o
}

// A Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	path  string
	opts  Options
	epoch string
	read  *sql.DB

	writer     *writer
	unverified *ring
	recent     recent
	census     census
	sifting    siftBounds
	removals   removals
	bell       bell
	index      *index
	lookAgain  int64        // count at which prune looks again; the writer's
	lastRev    atomic.Int64 // newest revision this process knows to be committed

	stop      context.CancelFunc
	wg        sync.WaitGroup // writer, unverified, watcher, checkpointer, indexer
	watchOnce sync.Once
	ctx       context.Context // ended by Close; for our own goroutines only
}

// Open opens the database in the file path, creating it with mode 0600 when it
// is missing. The directory must exist.
//
// Errors to look for: [ErrCorrupt] when SQLite cannot read the file,
// [ErrForeign] when it is somebody else's, [ErrNewer] when a later pictap wrote
// it. In none of these cases has the file been changed.
func Open(path string, o Options) (*Store, error) {
	o = o.withDefaults()
	if err := prepareFile(path); err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{path: path, opts: o, ctx: ctx, stop: stop, sifting: usualSift}
	s.read = openDB(uri(path, "ro", "query_only(1)", "cache_size(-1000)"))
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(2)
	conn, err := s.connectPatiently(ctx)
	if err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, classify(err)), s.read.Close())
	}
	var rev int64
	if err := conn.conn.QueryRowContext(ctx, "SELECT rev, epoch FROM clock").Scan(&rev, &s.epoch); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("open store %s: read clock: %w", path, classify(err)), s.read.Close(), conn.close())
	}
	if err := s.noticeRemovals(ctx); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, classify(err)), s.read.Close(), conn.close())
	}
	s.lastRev.Store(rev)
	s.recent.reset(rev)
	s.writer = newWriter(s, conn)
	s.unverified = newRing(s)
	s.index = newIndex(s)
	s.wg.Go(s.writer.run)
	s.wg.Go(s.writer.checkpoints)
	s.wg.Go(s.unverified.run)
	if o.Index {
		s.wg.Go(s.index.run)
	}
	return s, nil
}

// connect opens the writing connection, in a new file with the schema.
func (s *Store) connect(ctx context.Context) (*writeConn, error) {
	fresh, err := inspect(ctx, s.read)
	if err != nil {
		return nil, err
	}
	c, err := openWriteConn(ctx, s.path)
	if err != nil {
		return nil, err
	}
	if fresh {
		err = c.create(ctx)
	} else {
		err = c.mustBeWritable(ctx)
	}
	if err == nil {
		err = c.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// connectPatiently is connect for a file that others may be opening too: setting
// up the journal mode is the one thing for which SQLite does not wait.
func (s *Store) connectPatiently(ctx context.Context) (*writeConn, error) {
	for try := 0; ; try++ {
		c, err := s.connect(ctx)
		if try == openTries || !isCode(err, sqlite3.SQLITE_BUSY) {
			return c, err
		}
		pause := time.NewTimer(openPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

const (
	openTries = 100
	openPause = 20 * time.Millisecond
)

// dsn names the file for the driver, to be read and written.
func dsn(path string, pragmas ...string) string { return uri(path, "rw", pragmas...) }

// uri names the file, with the pragmas that every connection needs. busy_timeout
// comes first: the others may already have to wait. No mode creates the file:
// prepareFile does, with the right permissions.
func uri(path, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}}
	for _, p := range append([]string{"busy_timeout(5000)", "foreign_keys(1)"}, pragmas...) {
		q.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	if vol := filepath.VolumeName(path); vol != "" {
		u.Path = "/" + u.Path // file:///C:/…
	}
	return u.String()
}

// Epoch returns a text that is different for every database file: revisions of
// one epoch mean nothing in another.
func (s *Store) Epoch() string { return s.epoch }

// Path returns the file's path.
func (s *Store) Path() string { return s.path }

// Close waits for queued writes, truncates the write-ahead log and closes the
// file. Writes asked for afterwards fail with [ErrClosed].
func (s *Store) Close() error {
	s.unverified.close()
	s.writer.close()
	s.stop()
	s.wg.Wait()
	err := errors.Join(s.index.close(), s.read.Close())
	s.bell.ring() // nobody sleeps on a closed store
	if s.writer.conn != nil {
		err = errors.Join(err, s.writer.conn.close())
	}
	return err
}

// ErrClosed is returned for writes after Close.
var ErrClosed = errors.New("store is closed")
