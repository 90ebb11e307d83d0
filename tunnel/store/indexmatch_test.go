package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

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
