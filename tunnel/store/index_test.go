package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
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

// Deliveries come, change and go, some are indexed and some are not yet: a search
// finds those that Match says, in steps of any length.
func TestIndexedSearchIsMatch(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), store.FileName)
	clock := searchNow // ticks with each look, so that budgets are used up
	tick := time.Duration(0)
	s := openAt(t, path, store.Options{KeepCount: 150, Now: func() time.Time { clock = clock.Add(tick); return clock }})
	s.SetIndexPart(20 + rng.Int64N(60))
	for n := 0; n < 300; {
		for range 1 + rng.IntN(60) {
			n++
			addRandom(t, s, rng, n)
		}
		waitForNewest(t, s, int64(n))
		if rng.IntN(5) == 0 {
			from := rng.IntN(n + 1)
			sqlite(t, path, fmt.Sprintf("DELETE FROM contents WHERE seq BETWEEN %d AND %d", from, from+20),
				fmt.Sprintf("DELETE FROM deliveries WHERE seq BETWEEN %d AND %[2]d; UPDATE clock SET rev = rev + 1, count = (SELECT count(*) FROM deliveries WHERE proof IS NOT NULL)", from, from+20))
		}
		left := rng.IntN(3) * 30
		if err := s.IndexNow(t.Context(), func() bool { left--; return left > 0 }); err != nil {
			t.Fatal(err)
		}
		all := whole(t, s)
		if indexed, most := s.IndexRows(t.Context()), int64(len(all))+3*80; indexed > most {
			t.Errorf("%d in the index, %d stored", indexed, len(all))
		}
		for range 30 {
			tick, clock = 0, searchNow
			text := randomSearch(rng)
			q, err := s.Resolve(t.Context(), parse(t, text))
			if err != nil {
				t.Fatal(err)
			}
			var want []store.Delivery
			for _, d := range all {
				if q.Match(d, searchNow) {
					want = append(want, d)
				}
			}
			tick = time.Duration(rng.IntN(2)) * time.Microsecond
			got := inSteps(t, s, q, store.SearchPage{Limit: 1 + rng.IntN(60), Budget: time.Duration(rng.IntN(40)*rng.IntN(10)) * time.Microsecond})
			if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
				t.Fatalf("%s (-Match +SearchStep):\n%s", text, diff)
			}
		}
	}
}

// waitForNewest waits for those that did not verify: they are written a little later.
func waitForNewest(t testing.TB, s *store.Store, want int64) {
	t.Helper()
	for {
		changed := s.Changed()
		newest, err := s.Newest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if newest >= want {
			return
		}
		<-changed
	}
}

// inSteps does all steps of a search.
func inSteps(t testing.TB, s *store.Store, q store.Search, page store.SearchPage) (all []store.Delivery) {
	t.Helper()
	for range 10_000 {
		found, err := s.SearchStep(t.Context(), q, page)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		if len(found.Deliveries) > page.Limit && page.Limit > 0 || page.Before > 0 && found.Next >= page.Before && found.More {
			t.Fatalf("%s: step from %d found %d and goes on at %d", q, page.Before, len(found.Deliveries), found.Next)
		}
		all = append(all, found.Deliveries...)
		if page.Before = found.Next; !found.More {
			return all
		}
	}
	t.Fatalf("%s: the steps have no end", q)
	return nil
}

// What texts and searches are made of: characters of which the lower case, the
// escapes or the encoding is odd.
var oddPieces = []string{"a", "B", "ab", "İ", "K", "ß", "É", "日本", "\u0000", "\ufffe", "\uffff", "😀", "\"", "\\", "\n", "/", "*", "width", "12", " ", "\ufffd", "'", "AND", "(", "e\u0301", "ſ"}

func oddText(rng *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(oddPieces[rng.IntN(len(oddPieces))])
	}
	return b.String()
}

// escaped writes a JSON string with some characters as escapes that need none.
func escaped(rng *rand.Rand, s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r < 0x10000 && rng.IntN(4) == 0:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

func addRandom(t testing.TB, s *store.Store, rng *rand.Rand, n int) {
	odd := oddText(rng, 1+rng.IntN(12))
	bodies := []string{fmt.Sprintf(`{"data":{"width":%d,"templateId":"tmpl_%[1]d"}}`, rng.IntN(10)), "", odd, odd + "\xff\xc3", "{" + escaped(rng, odd), `[1,"x"]`,
		fmt.Sprintf(`{"data":{"title":%s,%s:[%s,7,null]}}`, escaped(rng, odd), escaped(rng, oddText(rng, 2)), escaped(rng, oddText(rng, 4))),
		fmt.Sprintf(`{"data":{"title":"%s\n\ud800"},"x":{"width":1.20e1}}`, "\xff"),
		`{"data":{"title":"` + strings.Repeat("long ", 8000) + `"}}`}
	r := sampleRow{event: randomEvents[rng.IntN(len(randomEvents))], deliveryID: fmt.Sprintf("del_%d_%d", rng.IntN(20), n), body: bodies[rng.IntN(len(bodies))],
		verdict: []pictify.Verdict{"valid", "stale"}[rng.IntN(2)], state: []store.State{"waiting", "done", "failed", "kept"}[min(3, rng.IntN(12))], ago: time.Minute, arrivals: 1}
	if r.verdict == "stale" {
		d := delivery(n)
		d.Event, d.Verdict, d.State, d.DeliveryID, d.Body, d.ReceivedAt = r.event, r.verdict, store.Kept, r.deliveryID, []byte(r.body), searchNow
		s.RecordUnverified(d)
		return
	}
	addRow(t, s, n, r)
}

func randomSearch(rng *rand.Rand) string {
	words := make([]string, 1+rng.IntN(2))
	quoted := func(n int) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oddText(rng, n)) + `"`
	}
	for i := range words {
		switch rng.IntN(5) {
		case 0:
			words[i] = randomWords[rng.IntN(len(randomWords))]
		case 1:
			words[i] = "data.title:" + []string{"", "*"}[rng.IntN(2)] + quoted(1+rng.IntN(4)) + "*"
		case 2:
			words[i] = "data." + quoted(2) + ":" + []string{"*", ">1", "7", quoted(3) + "*," + quoted(1) + "*"}[rng.IntN(4)]
		default:
			words[i] = quoted(1 + rng.IntN(3))
			if rng.IntN(3) == 0 {
				words[i] += "*" + quoted(1)
			}
		}
		if rng.IntN(4) == 0 {
			words[i] = "!" + words[i]
		}
	}
	return strings.Join(words, " ")
}

func TestRandomSearchesFindSomething(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := open(t, store.Options{Now: func() time.Time { return searchNow }})
	for n := range 150 {
		addRandom(t, s, rng, n)
	}
	waitForNewest(t, s, 150)
	some := 0
	for range 200 {
		if n := len(search(t, s, randomSearch(rng))); n > 0 && n < 60 {
			some++
		}
	}
	if some < 40 {
		t.Errorf("%d of 200 searches find some and not all: they test little", some)
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
		"missing":       func(t *testing.T) { remove(t, index) },
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
			remove(t, path)
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

func remove(t testing.TB, path string) {
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
		time.Sleep(3 * time.Second)
		if n := rows(); n != 30 {
			t.Errorf("%d in the index later, want 30", n)
		}
		for n := range 1200 { // 600 a second
			record(t, s, delivery(1000+n))
			if n%6 == 0 {
				time.Sleep(10 * time.Millisecond)
				if rows() != 30 {
					t.Fatalf("indexed in a burst, after %d", n)
				}
			}
		}
		time.Sleep(3 * time.Second)
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

// Each text is found by its search, with the index as without.
func TestIndexedOddTexts(t *testing.T) {
	hundred := `{"data":{"list":[` + strings.Repeat("0,", 100) + `"x"]}}`
	for _, tt := range []struct{ body, search string }{
		{"x ab\x00cd y", "\"b\x00c\""},
		{"x ab\x00cd y", "\"ab\x00cd\"*y"},
		{hundred, "data.list.100:x"},
		{hundred, "data.list.1*:x"},
		{"İSTANBUL", "istanbul"},
		{"\u212aelvin", "KELVIN"},
		{"ab\xffcd", "\"b\ufffdc\""},
		{"ab\ufffecd", "\"ab\ufffecd\""},
		{`say "it" AND (that)`, `"\"it\" AND (that)"`},
		{`{"data":{"\u0066oo":"b\u0061r"}}`, "data.foo:bar"},
		{`{"data":{"\u0066oo":"b\u0061r","foo":1200.0}}`, "data.foo:1200"},
		{`{"a":"Gr\u00fc\u00dfe"}`, "GRÜßE"},
		{`{"a":"\ud83d\ude00\ud83d\ude00\ud83d\ude00"}`, "😀😀😀"},
		{"日本語版", "本語版"},
		{strings.Repeat("long ", 10_000) + "end", "end"},
	} {
		s := open(t, store.Options{})
		d := delivery(1)
		d.Body = []byte(tt.body)
		record(t, s, d)
		before := ids(search(t, s, tt.search))
		indexNow(t, s)
		if after := ids(search(t, s, tt.search)); before != "d1" || after != "d1" {
			t.Errorf("%s finds %q in %.40q, and %q with the index", tt.search, before, tt.body, after)
		}
	}
}
