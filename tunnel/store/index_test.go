package store_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pictap/tunnel/store"
)

func indexNow(t testing.TB, s *store.Store) {
	t.Helper()
	if err := s.IndexNow(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// With the index, a search finds what it finds without.
func TestIndexedSearch(t *testing.T) {
	s := sampleStore(t)
	indexNow(t, s)
	if n := s.IndexRows(t.Context()); n != int64(len(sampleRows)) {
		t.Fatalf("%d in the index, want %d", n, len(sampleRows))
	}
	for _, tt := range searches {
		if got := ids(search(t, s, tt.text)); got != tt.want {
			t.Errorf("%s finds %s, want %s", tt.text, got, tt.want)
		}
	}
}

// An index that does not fit, for whatever reason, changes nothing of what is found,
// stops nothing, and is built anew.
func TestIndexIsThrowAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	other := openAt(t, filepath.Join(t.TempDir(), store.FileName), store.Options{})
	for n := range 30 {
		record(t, other, delivery(n+1000))
	}
	indexNow(t, other)
	others := other.IndexPath()
	other.Close()

	s := openAt(t, path, store.Options{})
	for n := range 25 {
		record(t, s, delivery(n))
	}
	index := s.IndexPath()
	s.Close()
	older := read(t, path)
	s = openAt(t, path, store.Options{})
	for n := range 25 {
		record(t, s, delivery(n+25))
	}
	indexNow(t, s)
	s.Close()
	good, database := read(t, index), read(t, path)

	odd := map[string]func(t *testing.T){
		"as it was":     func(t *testing.T) {},
		"missing":       func(t *testing.T) { removeFile(t, index) },
		"empty":         func(t *testing.T) { write(t, index, nil) },
		"a few bytes":   func(t *testing.T) { write(t, index, []byte("hello")) },
		"cut to a page": func(t *testing.T) { write(t, index, good[:4096]) },
		"cut in two":    func(t *testing.T) { write(t, index, good[:len(good)/2]) },
		"garbage":       func(t *testing.T) { write(t, index, bytes.Repeat([]byte("garbage "), 8192)) },
		"garbage inside": func(t *testing.T) {
			write(t, index, slices.Concat(good[:4096], bytes.Repeat([]byte{0xa5}, len(good)-4096)))
		},
		"another store's":   func(t *testing.T) { write(t, index, read(t, others)) },
		"another program's": func(t *testing.T) { sqlite(t, index, "PRAGMA application_id = 7") },
		"newer":             func(t *testing.T) { sqlite(t, index, "PRAGMA user_version = 99") },
		"without a table":   func(t *testing.T) { sqlite(t, index, "DROP TABLE parts") },
		"without a part":    func(t *testing.T) { sqlite(t, index, "DROP TABLE part_1_data") },
		"without about":     func(t *testing.T) { sqlite(t, index, "DELETE FROM about") },
		"an older database": func(t *testing.T) {
			removeFile(t, path)
			write(t, path, older)
		},
		"a log beside it": func(t *testing.T) { write(t, index+"-wal", bytes.Repeat([]byte{7}, 9000)) },
	}
	for name, spoil := range odd {
		for _, readOnly := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%v", name, readOnly), func(t *testing.T) {
				for _, suffix := range []string{"-wal", "-shm", ""} {
					os.Remove(path + suffix)
					os.Remove(index + suffix)
				}
				write(t, path, database)
				write(t, index, good)
				spoil(t)
				s := openAt(t, path, store.Options{})
				n := len(whole(t, s))
				check := func() {
					t.Helper()
					for _, n := range []int{8, n} {
						want := fmt.Sprintf("d%d", n)
						text := fmt.Sprintf(`"n\":%d}"`, n-1)
						if got := ids(search(t, s, text)); got != want {
							t.Errorf("%s finds %s, want %s", text, got, want)
						}
					}
					if got := search(t, s, "del_1007"); len(got) != 0 {
						t.Errorf("finds %d of another store", len(got))
					}
				}
				check()
				if readOnly {
					return
				}
				indexNow(t, s)
				check()
				if rows := s.IndexRows(t.Context()); rows != int64(n) {
					t.Errorf("%d in the index, want %d", rows, n)
				}
				if err := s.Close(); err != nil {
					t.Errorf("Close = %v", err)
				}
				if left, _ := filepath.Glob(index + "-*"); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
			})
		}
	}
}

func removeFile(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// What is no file of ours is left alone, and done without.
func TestIndexPathIsTaken(t *testing.T) {
	s := open(t, store.Options{})
	record(t, s, delivery(1))
	if err := os.Mkdir(s.IndexPath(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.IndexNow(t.Context(), nil); err == nil {
		t.Error("IndexNow is content with a directory")
	}
	if got := ids(search(t, s, `"n\":1}"`)); got != "d1" {
		t.Errorf("finds %s", got)
	}
	if info, err := os.Stat(s.IndexPath()); err != nil || !info.IsDir() {
		t.Errorf("the directory is gone: %v", err)
	}
}

// The index is gone while it is in use.
func TestIndexIsRemovedMeanwhile(t *testing.T) {
	s := open(t, store.Options{Index: true})
	record(t, s, delivery(1))
	indexNow(t, s)
	search(t, s, "hello")
	for _, suffix := range []string{"-wal", "-shm", ""} {
		os.Remove(s.IndexPath() + suffix) // on Windows this is refused, which is as good
	}
	record(t, s, delivery(2))
	for range 2 {
		if got := ids(search(t, s, `"del_2"`)); got != "d2" {
			t.Errorf("finds %s, want d2", got)
		}
		indexNow(t, s)
	}
}

// The one who keeps the index does so by itself: some time after the start and after
// each delivery, and not while many are written.
func TestIndexerKeepsOutOfTheWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	s := openAt(t, path, store.Options{})
	for n := range 30 {
		record(t, s, delivery(n))
	}
	s.Close()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(path, store.Options{Index: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		rows := func() int64 { return s.IndexRows(context.Background()) }
		if n := rows(); n != 0 {
			t.Errorf("%d in the index at once, want 0", n)
		}
		<-time.After(3 * time.Second) // of the bubble's clock
		if n := rows(); n != 30 {
			t.Errorf("%d in the index later, want 30", n)
		}
		for n := range 1200 { // 600 a second
			record(t, s, delivery(1000+n))
			if n%6 == 0 {
				<-time.After(10 * time.Millisecond)
				if rows() != 30 {
					t.Fatalf("indexed in a burst, after %d", n)
				}
			}
		}
		<-time.After(3 * time.Second) // of the bubble's clock
		if n := rows(); n != 1230 {
			t.Errorf("%d in the index after the burst, want 1230", n)
		}
	})
}

// Another process reads the index that the first one keeps.
func TestIndexOfAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	one, two := openAt(t, path, store.Options{Index: true}), openAt(t, path, store.Options{})
	for n := range 50 {
		record(t, one, delivery(n))
		if n%10 == 0 {
			indexNow(t, one)
			if got := two.IndexRows(t.Context()); got != int64(n+1) {
				t.Errorf("the other sees %d in the index, want %d", got, n+1)
			}
		}
		text := fmt.Sprintf(`"\"n\":%d}"`, n)
		if got := ids(search(t, two, text)); got != fmt.Sprintf("d%d", n+1) {
			t.Errorf("the other finds %s for %s", got, text)
		}
	}
}

// The index does not outgrow what is stored.
func TestIndexIsBounded(t *testing.T) {
	s := open(t, store.Options{KeepCount: 100})
	s.SetIndexPart(50)
	most := int64(0)
	for n := range 700 {
		d := record(t, s, delivery(n))
		if n%300 > 0 { // some wait for ever
			if err := s.NoteAttempt(t.Context(), d.Seq, store.Attempt{Status: 200}, store.Done, nil); err != nil {
				t.Fatal(err)
			}
		}
		if n%10 == 0 {
			indexNow(t, s)
			most = max(most, s.IndexRows(t.Context()))
		}
	}
	if most > 200 {
		t.Errorf("%d were in the index, of about 100", most)
	}
	if got := ids(search(t, s, `"n\":300}"`)); got != "d301" {
		t.Errorf("finds %s, want d301, which still waits", got)
	}
}
