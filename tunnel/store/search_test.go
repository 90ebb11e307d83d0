package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

var searchNow = time.Date(2026, 1, 29, 12, 0, 0, 0, time.UTC)

// sampleRow is one delivery that searches are tried on.
type sampleRow struct {
	event      pictify.EventType
	verdict    pictify.Verdict
	source     store.Source
	state      store.State
	deliveryID string
	body       string
	ago        time.Duration
	arrivals   int
	statuses   []int // of the attempts
}

// sampleRows become d1, d2, …
var sampleRows = []sampleRow{
	{"render.completed", pictify.Valid, store.FromPictify, store.Done, "del_one",
		`{"event":"render.completed","data":{"type":"image","imageId":"img_1","url":"https://cdn.pictify.io/renders/1.png","userStorageUrl":"https://b.s3.amazonaws.com/1.png",` +
			`"width":1200,"height":630.0,"templateId":"tmpl_a","variables":{"title":"Hello World","tags":["red","Blue, green",7],"a.b":{"c":true},"none":null}}}`,
		3 * time.Hour, 1, []int{500, 200}},
	{"render.failed", pictify.Valid, store.FromPictify, store.Failed, "del_two",
		`{"event":"render.failed","data":{"templateId":"tmpl_b","error":"Template \"caf\u00e9\" not found","errorCode":"TEMPLATE_NOT_FOUND","width":"1500"}}`,
		2 * time.Hour, 2, []int{503}},
	{"batch.completed", pictify.Valid, store.FromLocal, store.Waiting, "del_one_more",
		`{"event":"batch.completed","data":{"templateUid":"tmpl_a","totalCount":500,"duration":12345678901234567890}}`, time.Hour, 1, []int{0}},
	{"render.completed", pictify.Valid, store.FromPictify, store.Waiting, "", `{"event":"render.completed","data":{"width":800,"width":900,"list":[[5],{"x":5}]}}`, 30 * time.Minute, 1, nil},
	{"", pictify.Mismatch, "", store.Kept, "", "GRÜßE, not JSON at all", time.Minute, 1, nil},
	{"render.completed", pictify.Stale, store.FromPictify, store.Kept, "del_x\x00y", `{"event":"render.completed","data":null}`, 0, 1, nil},
}

func sampleStore(t testing.TB) *store.Store {
	t.Helper()
	s := open(t, store.Options{Now: func() time.Time { return searchNow }})
	for i, r := range sampleRows {
		addRow(t, s, i, r)
	}
	return s
}

func addRow(t testing.TB, s *store.Store, n int, r sampleRow) {
	t.Helper()
	d := delivery(n)
	d.Event, d.Verdict, d.Source, d.State, d.DeliveryID = r.event, r.verdict, r.source, r.state, r.deliveryID
	d.Body, d.BodySize, d.ReceivedAt = []byte(r.body), int64(len(r.body)), searchNow.Add(-r.ago)
	got := record(t, s, d)
	for range r.arrivals - 1 {
		record(t, s, d)
	}
	for _, status := range r.statuses {
		if _, err := s.AddAttempt(t.Context(), got.Seq, store.Attempt{Kind: store.Forward, Status: status}, r.state); err != nil {
			t.Fatal(err)
		}
	}
}

func ids(list []store.Delivery) string {
	var names []string
	for _, d := range slices.Backward(list) {
		names = append(names, d.ID())
	}
	return strings.Join(names, " ")
}

func parse(t testing.TB, text string) store.Search {
	t.Helper()
	q, err := store.ParseSearch(text)
	if err != nil {
		t.Fatalf("ParseSearch(%q): %v", text, err)
	}
	return q
}

func search(t testing.TB, s *store.Store, text string) []store.Delivery {
	t.Helper()
	list, err := s.Search(t.Context(), parse(t, text), 0, 0)
	if err != nil {
		t.Fatalf("Search(%q): %v", text, err)
	}
	return list
}

var searches = []struct{ text, want string }{
	{"", "d1 d2 d3 d4 d5 d6"},
	{"   ", "d1 d2 d3 d4 d5 d6"},

	{"event:render.completed", "d1 d4 d6"},
	{"event:render.*", "d1 d2 d4 d6"},
	{"event:*.completed", "d1 d3 d4 d6"},
	{"event:*", "d1 d2 d3 d4 d5 d6"},
	{"event:r*.com*ed", "d1 d4 d6"},
	{"event:b*,render.failed", "d2 d3"},
	{"!event:render.*", "d3 d5"},
	{"-event:render.*", "d3 d5"},
	{"!event:r*.com*ed", "d2 d3 d5"},
	{`event:""`, "d5"},
	{`event:"render.*"`, ""},
	{"event:=render.failed", "d2"},
	{"event:Render.failed", ""},

	{"verdict:mismatch", "d5"},
	{"verdict:mismatch,stale", "d5 d6"},
	{"!verdict:valid", "d5 d6"},
	{"state:held", "d3 d4"},
	{"state:waiting", "d3 d4"},
	{"state:done,failed", "d1 d2"},
	{"source:local", "d3"},
	{"!source:pictify,local", "d5"},

	{"status:200", "d1"},
	{"status:>=500", "d2"},
	{"status:5xx", "d2"},
	{"status:none", "d3 d4 d5 d6"},
	{"status:2xx,none", "d1 d3 d4 d5 d6"},
	{"status:<500", "d1"},
	{"!status:200", "d2 d3 d4 d5 d6"},
	{"attempts:>1", "d1"},
	{"attempts:0", "d4 d5 d6"},
	{"attempts:<=1 attempts:>=1", "d2 d3"},
	{"arrivals:>1", "d2"},
	{"bytes:<30", "d5"},

	{"after:90m", "d3 d4 d5 d6"},
	{"after:1h30m", "d3 d4 d5 d6"},
	{"before:90m", "d1 d2"},
	{"after:2h before:1h", "d2"},
	{"after:1d", "d1 d2 d3 d4 d5 d6"},
	{"after:2026-01-29T11:00:00Z", "d3 d4 d5 d6"},
	{"before:2026-01-29T12:00:00+01:00", "d1 d2"},
	{"!before:2026-01-29T12:00:00+01:00", "d3 d4 d5 d6"},

	{"d2", "d2"},
	{"id:d2", "d2"},
	{"d2 d3", ""},
	{"d2,d5", "d2 d5"},
	{"d2..d4", "d2 d3 d4"},
	{"..d2", "d1 d2"},
	{"d5..", "d5 d6"},
	{"!d2..d4", "d1 d5 d6"},
	{"d99", ""},
	{"last", "d6"},
	{"last~2", "d4"},
	{"last~2..last", "d4 d5 d6"},
	{"last~99", ""},
	{"!last~99", "d1 d2 d3 d4 d5 d6"},
	{"last~99,d2", "d2"},
	{"d2..last~99", ""},
	{"last~99..last~4", "d1 d2"},
	{"!last", "d1 d2 d3 d4 d5"},

	{"del_one", "d1"},
	{"del_one*", "d1 d3"},
	{"delivery:del_*", "d1 d2 d3 d6"},
	{"delivery:*y", "d6"},
	{`delivery:""`, "d4 d5"},
	{"!delivery:del_x*", "d1 d2 d3 d4 d5"},

	{"template:tmpl_a", "d1 d3"},
	{"template:tmpl_*", "d1 d2 d3"},
	{"!template:*", "d4 d5 d6"},
	{"data.width:1200", "d1"},
	{"data.width:1.2e3", "d1"},
	{"data.height:630", "d1"},
	{"data.height:63*", "d1"},
	{"data.width:>1000", "d1 d2"},
	{"data.width:<1000", "d4"},
	{"data.width:<=900", "d4"},
	{"data.width:>=900", "d1 d2 d4"},
	{"data.width:800", ""}, // of a repeated name the last counts
	{"!data.width:>1000", "d3 d4 d5 d6"},
	{"data.width:900,1200", "d1 d4"},
	{"data.width:1500", "d2"},
	{"data.width:1.5e3", ""}, // as text it is another
	{"data.duration:12345678901234567890", "d3"},
	{"data.duration:>12345678901234567889", "d3"},
	{"data.duration:>12345678901234567890", ""},
	{`data.variables.title:"Hello World"`, "d1"},
	{`data.variables.title:Hello*`, "d1"},
	{`data.variables.title:hello*`, ""},
	{`data.variables.title:H"ello W"orld`, "d1"},
	{`data.error:"Template \"café\" not found"`, "d2"},
	{`data.variables.tags:red`, "d1"},
	{`data.variables.tags:"Blue, green"`, "d1"},
	{`data.variables.tags:>6`, "d1"},
	{`data.variables.tags.0:red`, "d1"},
	{`data.variables.tags.1:red`, ""},
	{`data.variables.tags.*:red`, "d1"},
	{`data.*.title:*`, "d1"},
	{`data.variables."a.b".c:true`, "d1"},
	{`data.variables.a.b.c:true`, ""},
	{`data.variables.none:null`, "d1"},
	{`data.variables.none:*`, "d1"},
	{`data.variables:*`, "d1"},
	{`data.variables:x`, ""},
	{"data.list:5", ""},
	{"data.list.0:5", "d4"},
	{"data.list.*.x:5", "d4"},
	{"data.userStorageUrl:*", "d1"},
	{"!data.userStorageUrl:*", "d2 d3 d4 d5 d6"},
	{"data.type:*", "d1"},

	{"hello", "d1"},
	{"HELLO", "d1"},
	{`"hello world"`, "d1"},
	{"hello world", "d1"},
	{"hello mars", ""},
	{"café", "d2"},
	{"CAFÉ", "d2"},
	{`"\"café\""`, "d2"},
	{"grüße", "d5"},
	{"BATCH", "d3"},
	{"wh_1", "d1 d2 d3 d4 d5 d6"}, // the subscription
	{`"del_one"`, "d1 d3"},        // as text
	{"hell*world", "d1"},
	{"https://cdn", "d1"},
	{"!hello", "d2 d3 d4 d5 d6"},
	{"-hello", "d2 d3 d4 d5 d6"},
	{`!"-"`, "d1 d2 d3 d4 d5 d6"},
	{`"d2"`, ""},
	{"event:render.* status:>=500", "d2"},
	{"tmpl_a -status:none", "d1"},
}

func TestSearch(t *testing.T) {
	s := sampleStore(t)
	for _, tt := range searches {
		t.Run(tt.text, func(t *testing.T) {
			if got := ids(search(t, s, tt.text)); got != tt.want {
				t.Errorf("%s finds %s, want %s", tt.text, got, tt.want)
			}
		})
	}
}

// What is printed means the same, also when what depends on the moment has been settled.
func TestSearchString(t *testing.T) {
	s := sampleStore(t)
	for _, tt := range searches {
		text := parse(t, tt.text).String()
		if got := ids(search(t, s, text)); got != tt.want {
			t.Errorf("%s printed as %s finds %s, want %s", tt.text, text, got, tt.want)
		}
		if again := parse(t, text).String(); again != text {
			t.Errorf("%s is printed as %s and then as %s", tt.text, text, again)
		}
		q, err := s.Resolve(t.Context(), parse(t, tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(search(t, s, q.String())); got != tt.want {
			t.Errorf("%s is settled as %s, which finds %s, want %s", tt.text, q, got, tt.want)
		}
	}
	for text, want := range map[string]string{
		"-event:a,b*  hello": "!event:a,b* hello", `"d2" "last" "del_x" "a:b" "-x"`: `"d2" "last" "del_x" "a:b" "-x"`,
		`data."a.b"*."c":>=5`: `data."a.b"*.c:>=5`, "state:held": "state:waiting", "..d5 d3..d3 d7..": "d1..d5 d3 d7..", `a"*"b*`: `"a*b"*`,
		"after:10m": "after:10m", "before:2026-01-29T12:00:00+01:00": "before:2026-01-29T11:00:00Z", `event:"" "say \"a\\b\""`: `event:"" "say \"a\\b\""`,
	} {
		if got := parse(t, text).String(); got != want {
			t.Errorf("%s is printed as %s, want %s", text, got, want)
		}
	}
}

func TestSearchErrors(t *testing.T) {
	tests := []struct {
		text string
		pos  int
		want string // parts of text and hint
	}{
		{"hello evnt:x", 6, `no key "evnt"|did you mean event:x`},
		{"temp:x", 0, "did you mean template:x"},
		{"foo:bar", 0, `no key "foo"|"foo:bar"`},
		{"dat.width:5", 0, `no key "dat.width"`},
		{"verdict:mismtach", 8, "did you mean mismatch"},
		{"verdict:valid,nope", 14, `no verdict "nope"|unknown-secret`},
		{"source:mock", 7, "pictify, local"},
		{"status:abc", 7, "5xx"},
		{"status:>none", 7, "status"},
		{"status:1000", 7, "not a status"},
		{"status:-5", 7, "not a status"},
		{"attempts:x", 9, "not a number"},
		{"attempts:-1", 9, "not a number"},
		{"event:>x", 6, "cannot be compared"},
		{"event:", 6, "value is missing"},
		{"event:a,", 8, "value is missing"},
		{"event:ä,,b", 9, "value is missing"},
		{"event:a,!b", 8, "in front of the whole word|!event:b"},
		{"after:soon", 6, "10m"},
		{"after:10", 6, "not a time"},
		{"after:99999999d", 6, "not a time"},
		{"after:99999999999999999999d", 6, "not a time"},
		{"after:5m,6m", 6, "one time"},
		{"before:2026-01-29", 7, "RFC|2026-01-29T10:00:00Z"},
		{"id:x", 3, "d3..d9"},
		{"id:17", 3, "not a delivery"},
		{"id:d0", 3, "not a delivery"},
		{"id:..", 3, "not a delivery"},
		{"data.width:>wide", 11, "needs a number"},
		{"data.width:>", 11, "needs a number"},
		{"data..width:5", 5, "name is missing"},
		{"data.width.:5", 11, "name is missing"},
		{`say "hello`, 4, "not closed"},
		{`a "b\"`, 2, "not closed"},
		{`""`, 0, "nothing to look for"},
		{"*", 0, "nothing to look for"},
		{"a \xff", 2, "not UTF-8"},
		{"\"\xff\"", 1, "not UTF-8"},
		{strings.Repeat("a ", 60), 100, "at most 50 words"},
		{strings.Repeat("a", 5000), 4096, "at most 4096 bytes"},
		{"event:" + strings.Repeat("a,", 150) + "b", 206, "at most 100"},
	}
	for _, tt := range tests {
		t.Run(tt.text[:min(len(tt.text), 30)], func(t *testing.T) {
			_, err := store.ParseSearch(tt.text)
			var bad *store.SearchError
			if !errors.As(err, &bad) {
				t.Fatalf("ParseSearch = %v, want a SearchError", err)
			}
			if bad.Pos != tt.pos {
				t.Errorf("at %d, want %d (%s)", bad.Pos, tt.pos, bad.Text)
			}
			found := false
			for want := range strings.SplitSeq(tt.want, "|") {
				found = found || strings.Contains(bad.Text+"|"+bad.Hint, want)
			}
			if !found {
				t.Errorf("%q, hint %q; want %q", bad.Text, bad.Hint, tt.want)
			}
		})
	}
}

// pieces that random searches are made of; some are nonsense beside each other.
var (
	randomEvents = []pictify.EventType{"render.completed", "render.failed", "batch.completed", "", "a\x00b", "a", "[x]?", "é*", "binding.updated"}
	randomBodies = []string{`{"data":{"width":%d,"templateId":"tmpl_%[1]d"}}`, `{"data":{"variables":{"title":"Titel %d \u00e9\n"}}}`, `no JSON %d`, ``,
		`{"data":{"templateUid":"tmpl_%d","list":[1,2,"x",null]}}`, `[%d]`, "{\"data\":{\"width\":\"%d\"}} \u212a\u0130"}
	randomWords = []string{"event:render.*", "event:*.failed,batch.*", "event:a", "event:a*", `event:"a` + "\x00" + `b"`, `event:*b`, "event:[*", `event:é"*"`, "event:*.*ed", "event:*",
		"verdict:valid", "verdict:stale,mismatch", "state:held", "state:done,kept", "source:local", "status:none", "status:5xx", "status:<400", "status:2xx,none", "status:>=200",
		"attempts:>1", "attempts:0,2", "arrivals:2", "bytes:<20", "after:5m", "before:7m", "after:2026-01-29T11:55:00Z", "d3..d40", "d7,d9,last", "last~20..last~3", "last~9..", "..d5",
		"del_3", "del_1*", "delivery:*5", `delivery:"":x`, "template:tmpl_*", "template:tmpl_4,tmpl_5", "data.width:>3", "data.width:7", "data.width:*", "data.list:x", "data.*:*",
		"titel", "É", "k", "i", `"\"data\""`, "json", "tmpl_1", "1*2"}
)

func randomStore(t testing.TB, rng *rand.Rand, n int) *store.Store {
	s := open(t, store.Options{Now: func() time.Time { return searchNow }})
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	for i := range n {
		body := randomBodies[rng.IntN(len(randomBodies))]
		if strings.Contains(body, "%") {
			body = fmt.Sprintf(body, rng.IntN(10))
		}
		r := sampleRow{event: randomEvents[rng.IntN(len(randomEvents))], deliveryID: fmt.Sprintf("del_%d", rng.IntN(20)), body: body,
			verdict: pictify.Verdict(pick("valid", "stale", "mismatch")), source: store.Source(pick("pictify", "local", "")),
			state: store.State(pick("waiting", "done", "failed", "kept")), ago: time.Duration(rng.IntN(10)) * time.Minute, arrivals: 1 + rng.IntN(2)}
		for range rng.IntN(25) * rng.IntN(2) { // more than a summary has
			r.statuses = append(r.statuses, []int{0, 200, 404, 500}[rng.IntN(4)])
		}
		addRow(t, s, i, r)
	}
	return s
}

// whole returns all deliveries, the newest first.
func whole(t testing.TB, s *store.Store) []store.Delivery {
	t.Helper()
	list, err := s.List(t.Context(), store.Query{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if list[i], err = s.Get(t.Context(), list[i].Seq); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// Whatever SQL and the census decide of a search, Match decides the same.
func TestSearchIsMatch(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	s := randomStore(t, rng, 120)
	all := whole(t, s)
	for i := range 1200 {
		switch {
		case i == 400:
			if err := s.TakeCensus(t.Context()); err != nil {
				t.Fatal(err)
			}
		case i > 800: // some change, and little is sifted at once
			s.SetSift(1+rng.IntN(200), 1+rng.IntN(100), rng.IntN(50))
			if i%20 == 0 {
				d := all[rng.IntN(len(all))]
				a := store.Attempt{Kind: store.Replay, Status: 201 + rng.IntN(400)}
				if _, err := s.AddAttempt(t.Context(), d.Seq, a, []store.State{store.Done, store.Failed}[rng.IntN(2)]); err != nil {
					t.Fatal(err)
				}
				all = whole(t, s)
			}
		}
		var words []string
		for range 1 + rng.IntN(3) {
			words = append(words, []string{"", "", "!"}[rng.IntN(3)]+randomWords[rng.IntN(len(randomWords))])
		}
		if n := i % 400; n < len(randomWords) {
			words = randomWords[n : n+1]
		} else if n < 2*len(randomWords) {
			words = []string{"!" + randomWords[n-len(randomWords)]}
		}
		text := strings.Join(words, " ")
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
		var got []store.Delivery
		for before, size := int64(0), 1+rng.IntN(60); ; {
			page, err := s.Search(t.Context(), q, before, size)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			got = append(got, page...)
			if len(page) < size {
				break
			}
			before = page[size-1].Seq
		}
		if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
			t.Errorf("%s (-Match +Search):\n%s", text, diff)
		}
	}
}

func TestRandomWordsFindSomething(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := randomStore(t, rng, 120)
	none := 0
	for _, word := range randomWords {
		if n := len(search(t, s, word)); n == 0 || n == 120 {
			none++
		}
	}
	if none > len(randomWords)/4 {
		t.Errorf("%d of %d words choose nothing or all: they test little", none, len(randomWords))
	}
}

func TestSearchSummaries(t *testing.T) {
	s := sampleStore(t)
	for _, text := range []string{"d1", "hello"} {
		got := search(t, s, text)
		want, err := s.List(t.Context(), store.Query{Before: 2})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-List +Search):\n%s", text, diff)
		}
	}
}

// Pages of a resolved search agree although something new comes in between.
func TestSearchPages(t *testing.T) {
	s := sampleStore(t)
	q, err := s.Resolve(t.Context(), parse(t, "last~3.. after:1h"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Search(t.Context(), q, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	addRow(t, s, 100, sampleRows[0])
	second, err := s.Search(t.Context(), q, first[1].Seq, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(first) + " " + ids(second); got != "d5 d6 d3 d4" {
		t.Errorf("two pages: %s", got)
	}
}

func TestSearchAnd(t *testing.T) {
	s := sampleStore(t)
	a, b := parse(t, "event:render.*"), parse(t, "!verdict:stale")
	both := a.And(b).And(store.EventIs("render.completed"))
	list, err := s.Search(t.Context(), both, 0, 0)
	if err != nil || ids(list) != "d1 d4" {
		t.Errorf("%s finds %s, %v", both, ids(list), err)
	}
	if a.String() != "event:render.*" || !(store.Search{}).IsAll() || both.IsAll() {
		t.Errorf("a has become %s", a)
	}
	if a.NeedsBody() || !parse(t, "!hello").NeedsBody() || !parse(t, "template:x").NeedsBody() {
		t.Error("NeedsBody is wrong")
	}
}

func TestSearchCanBeCancelled(t *testing.T) {
	s := sampleStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, text := range []string{"hello", "event:render.*", "last"} {
		if _, err := s.Search(ctx, parse(t, text), 0, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("Search(%s) = %v, want context.Canceled", text, err)
		}
	}
}

// A search must not take hold of the machine for a text that somebody sent.
func TestSearchLongTexts(t *testing.T) {
	s := open(t, store.Options{})
	d := delivery(1)
	d.Event = pictify.EventType(strings.Repeat("a", 1<<20))
	d.Body = []byte(`{"data":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `,"x":"` + strings.Repeat("aB", 1<<20) + `\n"}`)
	record(t, s, d)
	start := time.Now()
	for _, text := range []string{"event:" + strings.Repeat("*a", 500) + "b", strings.Repeat("a*", 500) + "c", strings.Repeat("ab", 1000) + "c", "data.0.0.0.0:x", "data.*.*.*.*.*:x", "X" + strings.Repeat("a", 100)} {
		if got := search(t, s, text); len(got) != 0 {
			t.Errorf("%.20s… found it", text)
		}
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzParseSearch(f *testing.F) {
	for _, tt := range searches {
		f.Add(tt.text)
	}
	for _, word := range randomWords {
		f.Add("!" + word)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := store.ParseSearch(text)
		if err != nil {
			var bad *store.SearchError
			if !errors.As(err, &bad) || bad.Pos < 0 || bad.Pos > len(text) || bad.Text == "" {
				t.Errorf("ParseSearch(%q) = %#v", text, err)
			}
			return
		}
		printed := q.String()
		again, err := store.ParseSearch(printed)
		if err != nil {
			if len(printed) > 4096 { // quotes may make it too long
				return
			}
			t.Fatalf("%q is printed as %q: %v", text, printed, err)
		}
		if again.String() != printed || again.NeedsBody() != q.NeedsBody() {
			t.Errorf("%q is printed as %q, then as %q", text, printed, again)
		}
		for _, d := range fuzzDeliveries {
			if q.Match(d, searchNow) != again.Match(d, searchNow) {
				t.Errorf("%q and %q differ on %s", text, printed, d.Body)
			}
		}
	})
}

var fuzzDeliveries = func() (list []store.Delivery) {
	for i, r := range sampleRows {
		d := store.Delivery{Seq: int64(i + 1), Event: r.event, Verdict: r.verdict, Source: r.source, State: r.state, DeliveryID: r.deliveryID,
			Body: []byte(r.body), BodySize: int64(len(r.body)), ReceivedAt: searchNow.Add(-r.ago), Arrivals: r.arrivals, AttemptCount: len(r.statuses)}
		for _, status := range r.statuses {
			d.Attempts = append(d.Attempts, store.Attempt{Status: status})
		}
		list = append(list, d)
	}
	return list
}()

func TestSearchSeeds(t *testing.T) {
	if len(searches) < 100 || len(randomWords) < 40 {
		t.Fatalf("only %d and %d seeds", len(searches), len(randomWords))
	}
}

// What is offered to those who type is understood.
func TestSearchKeys(t *testing.T) {
	var names []string
	for _, k := range store.SearchKeys() {
		names = append(names, k.Key)
		texts := []string{k.Example}
		for _, v := range k.Values {
			texts = append(texts, k.Key+":"+v)
		}
		for _, text := range texts {
			if q := parse(t, text); q.String() == "" || !strings.HasPrefix(text, k.Key) {
				t.Errorf("%s: %s is parsed as %s", k.Key, text, q)
			}
		}
		_, err := store.ParseSearch(k.Key + ":surely-not")
		if !k.Open && err == nil || k.Meaning == "" || strings.Contains(k.Meaning, "\n") {
			t.Errorf("%+v: another value is %v", k, err)
		}
	}
	if len(names) < 14 || !slices.Contains(names, "data.") || !slices.Contains(names, "status") {
		t.Errorf("keys are %s", names)
	}
}
