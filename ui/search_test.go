package ui_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

type searchJSON struct {
	Deliveries []summaryJSON
	More       bool
	Next       int64
	Q          string
	Rev, Total int64
}

type changesJSON struct {
	Deliveries  []summaryJSON
	Gone        []int64
	Rev         int64
	More, Reset bool
	Total       int64
}

// find makes one step of a search.
func (s *server) find(token, q string, before int64, limit int) searchJSON {
	s.t.Helper()
	var p searchJSON
	res := s.do("GET", fmt.Sprintf("/api/deliveries?limit=%d&before=%d&q=%s", limit, before, url.QueryEscape(q)), token, "")
	if res.status != 200 {
		s.t.Fatalf("search for %s = %d %s", q, res.status, res.body)
	}
	res.into(s.t, &p)
	return p
}

// findAll takes all steps of a search. A step ends when its time is up, on a slow machine
// with few rows; its rev is the first one's.
func (s *server) findAll(token, q string) searchJSON {
	s.t.Helper()
	all := s.find(token, q, 0, 1000)
	for all.More {
		p := s.find(token, all.Q, all.Next, 1000)
		all.Deliveries = append(all.Deliveries, p.Deliveries...)
		all.More, all.Next = p.More, p.Next
	}
	return all
}

func idsOf(list []summaryJSON) []string {
	var ids []string
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	return ids
}

// What a search finds comes step by step, each delivery once, and what "last"
// means is settled by the first step: what arrives meanwhile changes nothing.
func TestSearchSteps(t *testing.T) {
	st := openStore(t)
	for n := range 60 {
		record(t, st, sample(n), 200)
	}
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	next := 100
	for _, q := range []string{"", "event:render.*", "event:batch.* last~29..last", "tmpl_xyz789", "before:1h", "after:1h !status:200", "last~500"} {
		t.Run(q, func(t *testing.T) {
			want := strings.Fields(found(t, st, q))
			p := s.find(token, q, 0, 7)
			if p.Total < 60 || p.Rev == 0 {
				t.Errorf("total %d, rev %d", p.Total, p.Rev)
			}
			got := idsOf(p.Deliveries)
			for steps := 0; p.More; steps++ {
				record(t, st, sample(6*next+2), 200) // a batch.completed, new and not part of it
				next++
				p = s.find(token, p.Q, p.Next, 7)
				got = append(got, idsOf(p.Deliveries)...)
				if steps > 1000 {
					t.Fatal("it does not end")
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s found %v, want %v", q, got, want)
			}
		})
	}
}

// Where a search makes no sense is said as a browser counts characters.
func TestSearchTrouble(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	token := s.login()
	for q, want := range map[string]struct {
		pos  int
		says string
	}{
		"evnt:x":                  {0, "event"},
		"hello evnt:x":            {6, "event"},
		"é😀 verdict:vlid":         {12, "valid"}, // é is one unit, 😀 two
		"😀\xff":                   {2, "UTF-8"},
		`a "b`:                    {2, "closed"},
		strings.Repeat("a", 5000): {4096, "4096"},
	} {
		for _, path := range []string{"/api/deliveries?q=", "/api/changes?since=0&q="} {
			res := s.do("GET", path+url.QueryEscape(q), token, "")
			var bad struct {
				Error, Hint string
				Pos         int
			}
			res.into(t, &bad)
			if res.status != 400 || bad.Pos != want.pos || !strings.Contains(bad.Error+bad.Hint, want.says) {
				t.Errorf("%s%.20q = %d %s, want 400 at %d saying %s", path, q, res.status, res.body, want.pos, want.says)
			}
		}
	}
}

// Asking for changes from any revision on ends in what the search finds now.
func TestSearchChanges(t *testing.T) {
	st := openStore(t)
	for n := range 40 {
		record(t, st, sample(n), 0)
	}
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	next := 100
	for _, q := range []string{"", "state:held", "event:render.* !state:held", "tmpl_xyz789 state:done", "attempts:2"} {
		first := s.findAll(token, q)
		known := map[int64]int64{} // rev by seq
		for _, d := range first.Deliveries {
			known[d.Seq] = d.Rev
		}
		for i := range 30 { // some change, some are new, some change twice
			answer(t, st, store.Delivery{Seq: int64(1 + (i*7)%40)}, store.Attempt{Kind: store.Forward, Status: []int{200, 500}[i%2]})
			record(t, st, sample(next), 0)
			next++
		}
		rev := first.Rev
		for more := true; more; {
			var c changesJSON
			s.do("GET", fmt.Sprintf("/api/changes?limit=9&since=%d&q=%s", rev, url.QueryEscape(first.Q)), token, "").into(t, &c)
			for _, d := range c.Deliveries {
				known[d.Seq] = d.Rev
			}
			for _, seq := range c.Gone {
				delete(known, seq)
			}
			if c.Rev <= rev && c.More || c.Reset {
				t.Fatalf("%s: changes after %d reach %d, more %v, reset %v", q, rev, c.Rev, c.More, c.Reset)
			}
			rev, more = c.Rev, c.More
		}
		want := map[int64]int64{}
		for _, d := range s.findAll(token, first.Q).Deliveries {
			want[d.Seq] = d.Rev
		}
		if diff := cmp.Diff(want, known); diff != "" {
			t.Errorf("%s (-found now +followed):\n%s", q, diff)
		}
		if last, err := st.LastRev(t.Context()); err != nil || rev != last {
			t.Errorf("%s: changes reach %d, want %d (%v)", q, rev, last, err)
		}
	}
	var c changesJSON
	before := record(t, st, sample(next), 0).Rev
	if _, err := st.Delete(t.Context(), 3, 5); err != nil {
		t.Fatal(err)
	}
	s.do("GET", fmt.Sprintf("/api/changes?since=%d", before), token, "").into(t, &c)
	if !slices.Equal(c.Gone, []int64{3, 5}) {
		t.Errorf("after two have been deleted, %v are gone", c.Gone)
	}
	s.do("GET", "/api/changes?since=999999", token, "").into(t, &c)
	if !c.Reset {
		t.Error("changes after a revision that never was: no reset")
	}
}

// What another process stores is found too: none is passed over because its revision is
// there before anybody has been told of it.
func TestSearchChangesOfAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	st, other := openStoreAt(t, path), openStoreAt(t, path)
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	st.Changed() // from now on it looks for what others do
	done := make(chan error, 1)
	const rows = 300
	go func() {
		for n := range rows {
			if _, err := other.Record(context.Background(), sample(n)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	known := map[int64]bool{}
	rev := int64(0)
	for tick := time.NewTicker(5 * time.Millisecond); len(known) < rows; <-tick.C {
		var c changesJSON
		s.do("GET", fmt.Sprintf("/api/changes?since=%d", rev), token, "").into(t, &c)
		for _, d := range c.Deliveries {
			known[d.Seq] = true
		}
		if rev = c.Rev; rev >= rows && len(known) < rows {
			t.Fatalf("at revision %d only %d of %d are known", rev, len(known), rows)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Whatever is proposed can be searched for.
func TestSearchWords(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	res := s.do("GET", "/api/search/words", s.login(), "")
	var answer struct {
		Words []struct {
			Key, Meaning string
			Values       []string
		}
	}
	if err := json.Unmarshal(res.body, &answer); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, w := range answer.Words {
		keys[w.Key] = true
		if w.Meaning == "" || w.Values == nil {
			t.Errorf("%s has no meaning, or no list of values", w.Key)
		}
		for _, v := range w.Values {
			if _, err := store.ParseSearch(w.Key + v); err != nil {
				t.Errorf("%s%s is proposed: %v", w.Key, v, err)
			}
		}
	}
	for _, key := range []string{"event:", "verdict:", "state:", "source:", "status:", "attempts:", "arrivals:", "bytes:", "after:", "before:", "id:", "delivery:", "template:", "data."} {
		if !keys[key] {
			t.Errorf("%s is not proposed", key)
		}
	}
}

// A search that looks into bodies finds what was not in the summary.
func TestSearchChangesInBodies(t *testing.T) {
	st := openStore(t)
	d := record(t, st, sample(0), 0)
	s := serve(t, ui.Options{Store: st, Now: func() time.Time { return time.Now() }})
	token := s.login()
	for q, want := range map[string]int{"feature": 1, "data.variables.score:4.5": 1, "nowhere": 0, "verdict:" + string(pictify.Valid): 1} {
		var c changesJSON
		s.do("GET", "/api/changes?since=0&q="+url.QueryEscape(q), token, "").into(t, &c)
		if len(c.Deliveries) != want || len(c.Gone) != 1-want || c.Rev != d.Rev {
			t.Errorf("changes for %s: %d match, %v do not, up to %d; want %d", q, len(c.Deliveries), c.Gone, c.Rev, want)
		}
	}
}
