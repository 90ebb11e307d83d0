package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"pictap/tunnel/store"
)

// healthy returns the bytes of a database with some deliveries, closed in order.
func healthy(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), store.FileName)
	s := openAt(t, path, store.Options{})
	for n := range 20 {
		d := delivery(n)
		d.Body = bytes.Repeat([]byte{byte(n)}, 3000)
		record(t, s, d)
		if _, err := s.AddAttempt(t.Context(), int64(n+1), store.Attempt{Kind: store.Forward, Status: 200}, store.Done); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, path)
}

// crashed returns a database and its log as a killed process leaves them: nothing
// of the deliveries is in the database itself.
func crashed(t testing.TB) (db, wal []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), store.FileName)
	s := openAt(t, path, store.Options{})
	for n := range 40 {
		record(t, s, delivery(n))
	}
	return read(t, path), read(t, path+"-wal")
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sqlite makes a database the way another program would.
func sqlite(t testing.TB, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range statements {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// checkOpen opens a file of doubtful content. Open must work, or say what is
// wrong and leave every byte as it was; and then put aside, the file makes room
// for a new one. It returns Open's error.
func checkOpen(t testing.TB, path string) error {
	t.Helper()
	before := snapshot(t, path)
	s, err := store.Open(path, store.Options{})
	if err == nil {
		use(t, s)
		if err := s.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		return nil
	}
	if !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrForeign) && !errors.Is(err, store.ErrNewer) {
		t.Errorf("Open = %v, want one of the named errors", err)
	}
	for name, data := range before {
		if after, err := os.ReadFile(name); err != nil || !bytes.Equal(after, data) {
			t.Errorf("%s was changed: %d bytes, then %d (%v)", filepath.Base(name), len(data), len(after), err)
		}
	}
	aside, moveErr := store.MoveAside(path, time.Now())
	if moveErr != nil {
		t.Fatalf("MoveAside = %v", moveErr)
	}
	for name, data := range before {
		if after := read(t, aside+name[len(path):]); !bytes.Equal(after, data) {
			t.Errorf("%s was changed by moving it", filepath.Base(name))
		}
	}
	s, openErr := store.Open(path, store.Options{})
	if openErr != nil {
		t.Fatalf("Open after MoveAside = %v", openErr)
	}
	use(t, s)
	if list, err := s.List(t.Context(), store.Query{}); err != nil || len(list) != 1 {
		t.Errorf("the new database has %d deliveries (%v), want the one just recorded", len(list), err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	return err
}

// snapshot returns the contents of a database and its log, by path.
func snapshot(t testing.TB, path string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	for _, name := range []string{path, path + "-wal"} {
		if data, err := os.ReadFile(name); err == nil {
			files[name] = data
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return files
}

// use writes to a store and reads all of it. What is damaged beyond what Open
// looks at may show, as an error and never as a panic.
func use(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := context.Background()
	d, err := s.Record(ctx, delivery(1_000_000))
	if err != nil {
		t.Errorf("Record = %v", err)
		return
	}
	if got, err := s.Get(ctx, d.Seq); err != nil || !bytes.Equal(got.Body, delivery(1_000_000).Body) {
		t.Errorf("Get = %q, %v", got.Body, err)
	}
	list, err := s.List(ctx, store.Query{Limit: 1000})
	if err != nil {
		t.Logf("List = %v", err)
	}
	for _, d := range list {
		if _, err := s.Get(ctx, d.Seq); err != nil {
			t.Logf("Get = %v", err)
		}
	}
	if _, err := s.Subscriptions(ctx); err != nil {
		t.Logf("Subscriptions = %v", err)
	}
}

func TestOpenOddFiles(t *testing.T) {
	t.Parallel()
	random := make([]byte, 20_000)
	rand.NewChaCha8([32]byte{1}).Read(random)
	whole := healthy(t)
	for name, tt := range map[string]struct {
		make func(path string)
		want error // nil: it opens
	}{
		"nothing":           {func(string) {}, nil},
		"0 bytes":           {func(p string) { write(t, p, nil) }, nil},
		"1 byte":            {func(p string) { write(t, p, []byte("x")) }, store.ErrCorrupt},
		"random":            {func(p string) { write(t, p, random) }, store.ErrCorrupt},
		"text":              {func(p string) { write(t, p, bytes.Repeat([]byte("dear diary\n"), 1000)) }, store.ErrCorrupt},
		"zeroes":            {func(p string) { write(t, p, make([]byte, 8192)) }, store.ErrCorrupt},
		"ours":              {func(p string) { write(t, p, whole) }, nil},
		"random after ours": {func(p string) { write(t, p, append(slices.Clone(whole), random...)) }, nil},
		"another program's": {func(p string) { sqlite(t, p, "CREATE TABLE diary (day)", "INSERT INTO diary VALUES ('dear')") }, store.ErrForeign},
		"another program's, in WAL mode": {func(p string) {
			sqlite(t, p, "PRAGMA journal_mode = WAL", "CREATE TABLE diary (day)", "INSERT INTO diary VALUES ('dear')")
		}, store.ErrForeign},
		"another program's, with an id":        {func(p string) { sqlite(t, p, "PRAGMA application_id = 1", "CREATE TABLE diary (day)") }, store.ErrForeign},
		"another program's, with nothing else": {func(p string) { sqlite(t, p, "PRAGMA application_id = 1") }, store.ErrForeign},
		"our id and nothing of ours":           {func(p string) { sqlite(t, p, "PRAGMA application_id = 1885566064", "CREATE TABLE diary (day)") }, store.ErrCorrupt},
		"without its clock":                    {func(p string) { write(t, p, whole); sqlite(t, p, "DELETE FROM clock") }, store.ErrCorrupt},
		"newer":                                {func(p string) { write(t, p, whole); sqlite(t, p, "PRAGMA user_version = 99") }, store.ErrNewer},
		"newer, in its log": {func(p string) {
			// as a newer pictap leaves it when it is killed
			db, wal := crashed(t)
			write(t, p+".tmp", db)
			write(t, p+".tmp-wal", wal)
			other, err := sql.Open("sqlite", p+".tmp")
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			other.SetMaxOpenConns(1)
			if _, err := other.Exec("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 99"); err != nil {
				t.Fatal(err)
			}
			write(t, p, read(t, p+".tmp"))
			write(t, p+"-wal", read(t, p+".tmp-wal"))
		}, store.ErrNewer},
		"directory": {func(p string) {
			if err := os.Mkdir(p, 0o700); err != nil {
				t.Fatal(err)
			}
		}, store.ErrForeign},
		"symbolic link": {func(p string) {
			write(t, p+".real", whole)
			if err := os.Symlink(p+".real", p); err != nil {
				t.Skip(err) // Windows wants a privilege for it
			}
		}, store.ErrForeign},
		"symbolic link to nothing": {func(p string) {
			if err := os.Symlink(p+".real", p); err != nil {
				t.Skip(err)
			}
		}, store.ErrForeign},
		"a log and no database": {func(p string) {
			_, wal := crashed(t)
			write(t, p+"-wal", wal)
		}, nil},
		"a log of random bytes": {func(p string) { write(t, p, whole); write(t, p+"-wal", random) }, nil},
		"a log cut short": {func(p string) {
			db, wal := crashed(t)
			write(t, p, db)
			write(t, p+"-wal", wal[:len(wal)-1000])
		}, nil},
		"a log of another program": {func(p string) {
			write(t, p, whole)
			foreignLog(t, p, "CREATE TABLE diary (day)", "INSERT INTO diary VALUES (zeroblob(100000))")
		}, store.ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), store.FileName)
			tt.make(path)
			if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
				if _, err := store.Open(path, store.Options{}); !errors.Is(err, tt.want) {
					t.Errorf("Open = %v, want %v", err, tt.want)
				}
				return
			}
			if err := checkOpen(t, path); !errors.Is(err, tt.want) {
				t.Errorf("Open = %v, want %v", err, tt.want)
			}
		})
	}
}

// foreignLog puts the log of another database beside a file. SQLite cannot tell
// that it does not belong there.
func foreignLog(t testing.TB, path string, statements ...string) {
	t.Helper()
	other := path + ".other"
	db, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range append([]string{"PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0"}, statements...) {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	write(t, path+"-wal", read(t, other+"-wal"))
}

// The frames of one page, taken out of another database's log: the header of ours
// is not among them, so nothing tells but the structure.
func TestForeignLogWithoutHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	write(t, path, healthy(t))
	other := path + ".other"
	db, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range []string{"PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0", "CREATE TABLE diary (day)",
		"INSERT INTO diary VALUES (zeroblob(20000))", "PRAGMA wal_checkpoint(TRUNCATE)", "UPDATE diary SET day = zeroblob(20000)"} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	write(t, path+"-wal", read(t, other+"-wal"))
	if err := checkOpen(t, path); err != nil && !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrForeign) {
		t.Errorf("Open = %v", err)
	}
}

func TestOpenTruncated(t *testing.T) {
	t.Parallel()
	whole := healthy(t)
	for i := range 20 {
		offset := len(whole) * i / 20
		if i%2 == 1 {
			offset += 77 // not at the border of a page
		}
		t.Run(fmt.Sprint(offset), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), store.FileName)
			write(t, path, whole[:offset])
			if err := checkOpen(t, path); (err == nil) != (offset == 0) {
				t.Errorf("Open = %v", err)
			}
		})
	}
}

func TestOpenFlippedBytes(t *testing.T) {
	t.Parallel()
	whole := healthy(t)
	chance := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "flipped", store.FileName)
	opened := 0
	const tries = 25
	for i := range tries {
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		data := slices.Clone(whole)
		at := 16 + i*4 // the header, and then anywhere
		if i >= 18 {
			at = chance.IntN(len(data))
		}
		data[at] ^= byte(1 + chance.IntN(255))
		write(t, path, data)
		if err := checkOpen(t, path); err == nil {
			opened++
		}
		if t.Failed() {
			t.Fatalf("byte %d is %#x, was %#x", at, data[at], whole[at])
		}
	}
	if opened == 0 || opened == tries {
		t.Errorf("%d of %d opened", opened, tries)
	}
}

// A log that its process could not finish is used up to where it is whole.
func TestKilledLogIsReplayed(t *testing.T) {
	db, wal := crashed(t)
	path := filepath.Join(t.TempDir(), store.FileName)
	write(t, path, db)
	write(t, path+"-wal", wal)
	s := openAt(t, path, store.Options{})
	for n := range 40 {
		if d, err := s.Get(t.Context(), int64(n+1)); err != nil || !bytes.Equal(d.Body, delivery(n).Body) {
			t.Errorf("d%d: %q, %v", n+1, d.Body, err)
		}
	}
}

func TestMoveAsideOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	now := time.Date(2026, 1, 29, 10, 0, 0, 0, time.UTC)
	asides := make(map[string]string)
	for _, text := range []string{"first", "second", "third"} {
		write(t, path, []byte(text))
		write(t, path+"-wal", []byte(text+"-wal"))
		aside, err := store.MoveAside(path, now)
		if err != nil {
			t.Fatal(err)
		}
		asides[aside] = text
	}
	if len(asides) != 3 {
		t.Errorf("moved aside to %v, want three places", asides)
	}
	for aside, text := range asides {
		if got, log := string(read(t, aside)), string(read(t, aside+"-wal")); got != text || log != text+"-wal" {
			t.Errorf("%s holds %q and %q, want %q", aside, got, log, text)
		}
	}
}

// Several processes that find no database make one, not several.
func TestManyOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	const n = 12
	stores := make([]*store.Store, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if stores[i], errs[i] = store.Open(path, store.Options{}); errs[i] == nil {
				_, errs[i] = stores[i].Record(context.Background(), delivery(i))
			}
		})
	}
	wg.Wait()
	epochs := make(map[string]bool)
	for i, s := range stores {
		if errs[i] != nil {
			t.Errorf("opener %d: %v", i, errs[i])
		}
		if s == nil {
			continue
		}
		epochs[s.Epoch()] = true
		if list, err := s.List(t.Context(), store.Query{Limit: 100}); err != nil || len(list) != n {
			t.Errorf("opener %d sees %d deliveries (%v), want %d", i, len(list), err, n)
		}
		s.Close()
	}
	if len(epochs) != 1 {
		t.Errorf("epochs %v, want one", epochs)
	}
}
