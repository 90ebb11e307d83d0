package store_test

import (
	"fmt"
	"testing"
	"time"

	"pictap/tunnel/store"
)

// A step ends when its budget is used up, found or not, and the next one goes on
// where it ended.
func TestSearchStepKeepsItsBudget(t *testing.T) {
	clock := searchNow
	s := open(t, store.Options{Now: func() time.Time { clock = clock.Add(time.Millisecond); return clock }})
	const rows = 40
	for n := range rows {
		record(t, s, delivery(n))
	}
	for _, indexed := range []bool{false, true} {
		if indexed {
			indexNow(t, s)
		}
		for _, tt := range []struct {
			text        string
			found       int
			least, most int // steps
		}{
			{"!data.n:*", 0, 2, 3},             // one look for each body
			{"data.n:*", rows, 2, 3},           //
			{"de", rows, 2, 3},                 // too short for the index
			{"event:nothing", 0, 1, 1},         // SQL passes over all in one go
			{"!event:*r*c*x", rows, 2, 3},      //
			{`"del_3*}"`, 0, 1, 3},             // with the index, nothing is looked at
			{"data.n:>30 data.n:<33", 2, 2, 3}, // likewise, all
		} {
			t.Run(fmt.Sprintf("%s/%v", tt.text, indexed), func(t *testing.T) {
				q := parse(t, tt.text)
				found, steps := 0, 0
				for page := (store.SearchPage{Budget: 20 * time.Millisecond}); ; {
					before := clock
					got, err := s.SearchStep(t.Context(), q, page)
					if err != nil {
						t.Fatal(err)
					}
					if took := clock.Sub(before); took > 35*time.Millisecond {
						t.Errorf("a step took %v", took)
					}
					found += len(got.Deliveries)
					steps++
					if page.Before = got.Next; !got.More {
						break
					}
				}
				if found != tt.found || steps < tt.least || steps > tt.most {
					t.Errorf("%d found in %d steps, want %d in %d to %d", found, steps, tt.found, tt.least, tt.most)
				}
			})
		}
	}
}

func TestSearchStepEnds(t *testing.T) {
	s := sampleStore(t)
	for _, tt := range []struct {
		text string
		page store.SearchPage
		want string
		next int64
		more bool
	}{
		{"", store.SearchPage{Limit: 2}, "d5 d6", 5, true},
		{"", store.SearchPage{Limit: 2, Before: 3}, "d1 d2", 1, false},
		{"", store.SearchPage{Limit: 2, Before: 1}, "", 1, false},
		{"", store.SearchPage{}, "d1 d2 d3 d4 d5 d6", 1, false},
		{"", store.SearchPage{Before: 1 << 60}, "d1 d2 d3 d4 d5 d6", 1, false},
		{"hello", store.SearchPage{Limit: 1}, "d1", 1, false},
		{"d3..d4", store.SearchPage{}, "d3 d4", 3, false},
		{"d3..d4", store.SearchPage{Limit: 1}, "d4", 4, true},
		{"d3..d4", store.SearchPage{Before: 3}, "", 3, false},
		{"d1 d2", store.SearchPage{}, "", 2, false},
		{"last~99", store.SearchPage{}, "", 1, false},
		{"d99", store.SearchPage{}, "", 7, false},
	} {
		got, err := s.SearchStep(t.Context(), parse(t, tt.text), tt.page)
		if err != nil || ids(got.Deliveries) != tt.want || got.More != tt.more || got.More && got.Next != tt.next {
			t.Errorf("%s %+v: %s, next %d %v (%v); want %s, %d %v", tt.text, tt.page, ids(got.Deliveries), got.Next, got.More, err, tt.want, tt.next, tt.more)
		}
	}
}

// Who follows a search hears of what begins to fit and of what does not any more.
func TestSearchSince(t *testing.T) {
	s := open(t, store.Options{})
	for n := range 3 {
		record(t, s, delivery(n)) // revisions 1 to 3
	}
	if _, err := s.AddAttempt(t.Context(), 2, store.Attempt{Kind: store.Forward, Status: 500}, store.Failed); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text  string
		rev   int64
		limit int
		want  string
		next  int64
	}{
		{"", 0, 10, "d1+ d3+ d2+", 4},
		{"", 4, 10, "", 4},
		{"", 99, 10, "", 99},
		{"state:held", 0, 10, "d1+ d3+ d2-", 4},
		{"status:5xx", 3, 10, "d2+", 4},
		{"!status:5xx", 0, 2, "d1+ d3+", 3},
		{"data.n:1", 0, 10, "d1- d3- d2+", 4},
		{"data.n:1 state:held", 0, 10, "d1- d3- d2-", 4},
		{"!data.n:1,2", 0, 10, "d1+ d3- d2-", 4},
		{"RENDER.comp", 2, 10, "d3+ d2+", 4},
	} {
		list, next, err := s.SearchSince(t.Context(), parse(t, tt.text), tt.rev, tt.limit)
		got := ""
		for _, c := range list {
			got += " " + c.Delivery.ID() + map[bool]string{true: "+", false: "-"}[c.Match]
			if c.Delivery.Body != nil {
				t.Errorf("%s has a body", c.Delivery.ID())
			}
		}
		if err != nil || got != prefixed(tt.want) || next != tt.next {
			t.Errorf("%s after %d:%s, next %d (%v); want %s, %d", tt.text, tt.rev, got, next, err, tt.want, tt.next)
		}
	}
}

func prefixed(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}
