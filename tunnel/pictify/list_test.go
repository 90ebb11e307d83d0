package pictify_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
)

// list collects the uids that List yields, and its errors.
func list(t *testing.T, c *pictify.Client) (uids []string, errs []error) {
	t.Helper()
	for s, err := range c.List(t.Context()) {
		if len(uids)+len(errs) > 1000 {
			t.Fatal("List does not end")
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		uids = append(uids, s.UID)
	}
	return uids, errs
}

// pages plays a list whose pages are given; past the last one it answers beyond.
func pages(beyond string, bodies ...string) (http.HandlerFunc, *int) {
	requests := 0
	return func(w http.ResponseWriter, r *http.Request) {
		requests++
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		if page < 1 || page > len(bodies) {
			io.WriteString(w, beyond)
			return
		}
		io.WriteString(w, bodies[page-1])
	}, &requests
}

func item(uid string) string { return `{"uid":"` + uid + `"}` }

func TestList(t *testing.T) {
	const empty = `{"subscriptions":[]}`
	for _, tt := range []struct {
		name     string
		beyond   string
		pages    []string
		want     []string
		bad      int // errors yielded
		requests int
	}{
		{"nothing", "", []string{`{"subscriptions":[],"pagination":{"totalPages":0,"hasNext":false}}`}, nil, 0, 1},
		{"one page", "", []string{`{"subscriptions":[` + item("a") + `],"pagination":{"totalPages":1,"hasNext":false}}`}, []string{"a"}, 0, 1},
		{"hasNext", "", []string{
			`{"subscriptions":[` + item("a") + `],"pagination":{"hasNext":true}}`,
			`{"subscriptions":[` + item("b") + `],"pagination":{"hasNext":false}}`,
		}, []string{"a", "b"}, 0, 2},
		{"totalPages alone", "", []string{
			`{"subscriptions":[` + item("a") + `],"pagination":{"page":1,"totalPages":2}}`,
			`{"subscriptions":[` + item("b") + `],"pagination":{"page":2,"totalPages":2}}`,
		}, []string{"a", "b"}, 0, 2},
		{"pages that overlap", "", []string{
			`{"subscriptions":[` + item("a") + `,` + item("b") + `],"pagination":{"hasNext":true}}`,
			`{"subscriptions":[` + item("b") + `,` + item("c") + `],"pagination":{"hasNext":false}}`,
		}, []string{"a", "b", "c"}, 0, 2},
		{"no pagination, page ignored", `{"subscriptions":[` + item("a") + `]}`, nil, []string{"a"}, 0, 2},
		{"no pagination, page honoured", empty, []string{`{"subscriptions":[` + item("a") + `]}`, `{"subscriptions":[` + item("b") + `]}`}, []string{"a", "b"}, 0, 3},
		{"null pagination", empty, []string{`{"subscriptions":[` + item("a") + `],"pagination":null}`}, []string{"a"}, 0, 2},
		{"a bad item among good ones", "", []string{`{"subscriptions":[` + item("a") + `,{"uid":"../x"},5,` + item("b") + `],"pagination":{}}`}, []string{"a", "b"}, 2, 1},
		{"promises for ever", `{"subscriptions":[` + item("a") + `],"pagination":{"hasNext":true}}`, nil, []string{"a"}, 1, 2},
		{"no list", "", []string{`{"message":"ok"}`}, nil, 1, 1},
		{"two lists", "", []string{`{"subscriptions":[],"subscriptions":[]}`}, nil, 1, 1},
		{"list of another type", "", []string{`{"subscriptions":{}}`}, nil, 1, 1},
		{"second page is HTML", "<html>", []string{`{"subscriptions":[` + item("a") + `],"pagination":{"hasNext":true}}`}, []string{"a"}, 1, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			handler, requests := pages(tt.beyond, tt.pages...)
			uids, errs := list(t, newClient(t, handler))
			if diff := cmp.Diff(tt.want, uids); diff != "" {
				t.Errorf("uids (-want +got)\n%s", diff)
			}
			if len(errs) != tt.bad || *requests != tt.requests {
				t.Errorf("%d requests and errors %v, want %d and %d of them", *requests, errs, tt.requests, tt.bad)
			}
			for _, err := range errs {
				if !errors.Is(err, pictify.ErrBadAnswer) {
					t.Errorf("error %v, want %v", err, pictify.ErrBadAnswer)
				}
			}
		})
	}
}

func TestListEndsOnAPIError(t *testing.T) {
	uids, errs := list(t, newClient(t, answering(429, `{"message":"slow down"}`)))
	if len(uids) != 0 || len(errs) != 1 || !errors.Is(errs[0], pictify.ErrRateLimited) {
		t.Errorf("List = %v, %v, want %v alone", uids, errs, pictify.ErrRateLimited)
	}
}

// An API that invents a new subscription on every page is not followed for ever.
func TestListBoundsPages(t *testing.T) {
	requests := 0
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		fmt.Fprintf(w, `{"subscriptions":[{"uid":"wh_%d"}],"pagination":{"hasNext":true}}`, requests)
	})
	uids, errs := list(t, c)
	if len(uids) != 200 || len(errs) != 1 || requests != 200 {
		t.Errorf("%d subscriptions, %d requests, errors %v; want 200, 200 and one", len(uids), requests, errs)
	}
}

func TestListStopsWhenTheLoopDoes(t *testing.T) {
	handler, requests := pages(`{"subscriptions":[`+item("a")+`,`+item("b")+`],"pagination":{"hasNext":true}}`, "")
	c := newClient(t, handler)
	for range c.List(t.Context()) {
		break
	}
	if *requests != 1 {
		t.Errorf("%d requests, want 1", *requests)
	}
}
