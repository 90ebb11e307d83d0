package command

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
)

var volleyNow = time.Date(2026, 1, 29, 10, 30, 0, 0, time.UTC)

func newVolley(seed int64) *volley {
	v := &volley{now: func() time.Time { return volleyNow }, target: "http://127.0.0.1:1/", copies: 1, tampers: []mock.Tamper{""},
		signer: pictify.NewSigner(pictify.NewSecret("whsec_0123456789abcdef")), gen: fixtures.New(seed, volleyNow, ""), seed: uint64(seed), events: 60}
	for _, t := range pictify.EventTypes() {
		v.kinds = append(v.kinds, fixtures.Kind{Event: t})
	}
	return v
}

func shots(t *testing.T, v *volley) []shot {
	t.Helper()
	var list []shot
	for n := range v.total() {
		s, err := v.shot(n)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func idsOf(list []shot) []string {
	var ids []string
	for _, s := range list {
		ids = append(ids, s.sample.ID)
	}
	return ids
}

// A request depends on the seed and its number, not on those made before.
func TestShotsAreMadeFromTheirNumber(t *testing.T) {
	v := newVolley(3)
	forward := shots(t, v)
	for n := len(forward) - 1; n >= 0; n-- {
		s, err := newVolley(3).shot(n)
		if err != nil {
			t.Fatal(err)
		}
		if s.sample.ID != forward[n].sample.ID || string(s.sample.Body) != string(forward[n].sample.Body) {
			t.Errorf("request %d is another one when it is made first", n)
		}
		if want := pictify.EventTypes()[n%6]; s.sample.Event != want {
			t.Errorf("request %d is %s, want %s", n, s.sample.Event, want)
		}
	}
	if slices.Equal(idsOf(forward), idsOf(shots(t, newVolley(4)))) {
		t.Error("two seeds make the same deliveries")
	}
}

func TestCopiesAndOrder(t *testing.T) {
	v := newVolley(5)
	v.copies, v.tampers = 2, []mock.Tamper{mock.TamperBody, mock.TamperSecret}
	if v.total() != 240 {
		t.Errorf("%d requests", v.total())
	}
	plain := shots(t, v)
	counts := make(map[string]int)
	for i, s := range plain {
		counts[s.sample.ID]++
		if want := v.tampers[i/2%2]; s.tamper != want {
			t.Errorf("request %d is broken as %q, want %q", i, s.tamper, want)
		}
	}
	if len(counts) != 60 || slices.Max(slices.Collect(maps.Values(counts))) != 4 || slices.Min(slices.Collect(maps.Values(counts))) != 4 {
		t.Errorf("%d deliveries, want 60 of four requests each", len(counts))
	}
	v.order = shuffled(v.total(), v.seed)
	mixed := shots(t, v)
	if slices.Equal(idsOf(plain), idsOf(mixed)) {
		t.Error("shuffled is the same order")
	}
	a, b := idsOf(plain), idsOf(mixed)
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		t.Error("shuffling lost or made requests")
	}
	for i, s := range mixed {
		if s.n != i {
			t.Errorf("request %d has number %d", i, s.n)
		}
	}
}

func TestDrop(t *testing.T) {
	v := newVolley(6)
	v.events, v.drop = 6000, 0.1
	n := 0
	for _, s := range shots(t, v) {
		if s.dropped {
			n++
		}
	}
	if n < 500 || n > 700 {
		t.Errorf("%d of 6000 are dropped, want about 600", n)
	}
	for drop, want := range map[float64]int{0: 0, 1: 6000} {
		v.drop, n = drop, 0
		for _, s := range shots(t, v) {
			if s.dropped {
				n++
			}
		}
		if n != want {
			t.Errorf("with %v, %d are dropped", drop, n)
		}
	}
}

func TestReadingOfNumbers(t *testing.T) {
	for text, want := range map[string]float64{"": 0, "500/s": 500, "60/m": 1, "3600/h": 1, "0.5": 0.5, "2.5/s": 2.5} {
		if got, err := readRate(text); err != nil || got != want {
			t.Errorf("readRate(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"0", "0/s", "-1", "1/d", "x", "1e9", "2000000/s", "/s", "1 /s"} {
		if got, err := readRate(text); err == nil {
			t.Errorf("readRate(%q) = %v, want an error", text, got)
		}
	}
	for text, want := range map[string][2]time.Duration{
		"": {}, "200ms": {200 * time.Millisecond, 200 * time.Millisecond}, "0-5s": {0, 5 * time.Second}, "1-5s": {time.Second, 5 * time.Second},
		"100ms-2s": {100 * time.Millisecond, 2 * time.Second}, "1.5-2m": {90 * time.Second, 2 * time.Minute},
	} {
		if low, high, err := readDelay(text); err != nil || low != want[0] || high != want[1] {
			t.Errorf("readDelay(%q) = %v, %v, %v, want %v", text, low, high, err, want)
		}
	}
	for _, text := range []string{"5", "-1s", "5s-1s", "2h", "0-", "-", "1s-x", "x-1s", "0-5"} {
		if low, high, err := readDelay(text); err == nil {
			t.Errorf("readDelay(%q) = %v, %v, want an error", text, low, high)
		}
	}
	for text, want := range map[string]float64{"": 0, "10%": 0.1, "0.25": 0.25, "100%": 1, "0": 0} {
		if got, err := readPart("drop", text); err != nil || got != want {
			t.Errorf("readPart(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "-1%", "101%", "1.5", "NaN", "%", "Inf"} {
		if got, err := readPart("drop", text); err == nil {
			t.Errorf("readPart(%q) = %v, want an error", text, got)
		}
	}
	for text, met := range map[string]string{"2xx": "200 204 299", "401": "401", "401, 5XX": "401 500 599"} {
		x, err := readExpect(text)
		if err != nil {
			t.Errorf("readExpect(%q): %v", text, err)
			continue
		}
		for _, status := range []int{0, 200, 204, 299, 301, 400, 401, 500, 599} {
			if want := slices.Contains(strings.Fields(met), pad3(status)); x.met(status) != want {
				t.Errorf("%q is met by %d: %t", text, status, x.met(status))
			}
		}
	}
	for _, text := range []string{"x", "6xx", "20", "2x0", "2000", "2xx 4xx"} {
		if _, err := readExpect(text); err == nil {
			t.Errorf("readExpect(%q) = nil error", text)
		}
	}
}

func pad3(n int) string {
	return string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)})
}

func TestParseMoment(t *testing.T) {
	for text, want := range map[string]time.Time{
		"now": volleyNow, "-10m": volleyNow.Add(-10 * time.Minute), "+1h30m": volleyNow.Add(90 * time.Minute),
		"2026-01-29T19:30:00+09:00": volleyNow, "2026-01-29T10:30:00.5Z": volleyNow.Add(500 * time.Millisecond),
	} {
		if got, err := parseMoment("at", text, volleyNow); err != nil || !got.Equal(want) {
			t.Errorf("parseMoment(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "10m", "-", "-10", "2026-01-29", "1969-12-31T23:59:59Z", "-2000000h", "9999-12-31T23:59:59-09:00", "2026-13-01T00:00:00Z"} {
		if got, err := parseMoment("at", text, volleyNow); err == nil {
			t.Errorf("parseMoment(%q) = %v, want an error", text, got)
		}
	}
}

// Every scenario that is built in can be played, and depends on the seed alone.
func TestScenariosBuiltIn(t *testing.T) {
	names := scenarioNames()
	if len(names) < 2 {
		t.Errorf("scenarios %q, want at least two", names)
	}
	for _, name := range names {
		s, err := loadScenario(name)
		if err != nil {
			t.Fatal(err)
		}
		if s.About == "" {
			t.Errorf("%s does not say what it is about", name)
		}
		var ids [2][]string
		for i := range ids {
			v := newVolley(1)
			if err := v.play(name, s); err != nil {
				t.Fatal(err)
			}
			for _, shot := range shots(t, v) {
				ids[i] = append(ids[i], shot.sample.ID+string(shot.sample.Body)+shot.wait.String())
			}
			for _, shot := range shots(t, v) {
				if problems := fixtures.Validate(shot.sample.Body); len(problems) > 0 {
					t.Errorf("%s: %+v in %s", name, problems[0], shot.sample.Body)
				}
			}
		}
		if !slices.Equal(ids[0], ids[1]) || len(ids[0]) == 0 {
			t.Errorf("%s is not the same twice", name)
		}
	}
}

// scenarioSeeds are the scenarios built in and some that are wrong.
func scenarioSeeds(t testing.TB) (list [][]byte) {
	t.Helper()
	names, err := filepath.Glob("scenarios/*.yaml")
	if err != nil || len(names) < 2 {
		t.Fatalf("seeds: %q, %v", names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, text)
	}
	for _, text := range []string{
		"", "steps:\n", "steps: [{event: render.completed, repeat: 2, set: {data.width: \"${n}\"}}]", "steps: [{again: x}]", "a: &a [*a]",
		"steps:\n  - {id: a, event: render.completed}\n  - {event: batch.failed, set: {data.batchId: \"${a.data.imageId}x${a[7].id}\"}}",
		"steps: [{event: render.completed, set: {a: {b: [1, {c: null}]}}, add: {1: 2}}]", "steps: [null, 1, x]", "\xff", "steps: !!binary x",
	} {
		list = append(list, []byte(text))
	}
	return list
}

func FuzzScenario(f *testing.F) {
	for _, text := range scenarioSeeds(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4096 {
			return
		}
		s, err := parseScenario("fuzz.yaml", text)
		if err != nil {
			return
		}
		for _, step := range s.Steps {
			step.Repeat = min(step.Repeat, 10) // otherwise it takes long
		}
		v := newVolley(1)
		if err := v.play("fuzz.yaml", s); err != nil {
			return
		}
		for _, shot := range shots(t, v) {
			v.message(shot, volleyNow)
		}
	})
}
