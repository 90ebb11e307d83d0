package mock_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pictap/mock"
)

// seeds are the files in a folder of testdata/seeds.
func seeds(t testing.TB, folder string, least int) (all [][]byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "seeds", folder, "*"))
	if err != nil || len(names) < least {
		t.Fatalf("%d seeds in %s (%v), want at least %d", len(names), folder, err, least)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

func TestSeedsAreThere(t *testing.T) {
	seeds(t, "fault", 26)
	seeds(t, "state", 12)
	seeds(t, "redact", 13)
}

// FuzzFlags reads any text as each of the flags that a mock has: what is accepted is
// within its bounds, and a fault that is written again is the same fault.
func FuzzFlags(f *testing.F) {
	for _, seed := range seeds(f, "fault", 26) {
		f.Add(string(seed))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) (mock.Fault, error){mock.ParseFault, mock.ParseMediaFault} {
			fault, err := parse(text)
			if err != nil {
				continue
			}
			if !(fault.Part > 0 && fault.Part <= 1) || fault.For < 0 || fault.For > time.Hour || (fault.Kind == mock.FaultStatus) != (fault.Status >= 400 && fault.Status <= 599) {
				t.Errorf("%q is %+v", text, fault)
			}
			again, err := mock.ParseFault(fault.String())
			if err != nil || again != fault {
				t.Errorf("%q is %+v, which is written %s and read as %+v, %v", text, fault, fault, again, err)
			}
			if path := strings.ReplaceAll(fault.Path, "*", "x"); !mock.MatchPath(fault.Path, path) {
				t.Errorf("%q does not match %q", fault.Path, path)
			}
		}
		if p, err := mock.ParsePlace(text); err == nil {
			if again, err := mock.ParsePlace(p.String()); err != nil || again != p {
				t.Errorf("place %q is %+v, which is written %s and read as %+v, %v", text, p, p, again, err)
			}
		}
		if l, err := mock.ParseLatency(text); err == nil && (l.Min < 0 || l.Max < l.Min || l.Max > time.Hour) {
			t.Errorf("latency %q is %+v", text, l)
		}
		if r, err := mock.ParseRate(text); err == nil && (r.Count < 1 || r.Per < time.Second || r.Per > 24*time.Hour) {
			t.Errorf("rate %q is %+v", text, r)
		}
		if waits, err := mock.ParseWaits(text); err == nil {
			if attempts, said, scaled := (mock.Ladder{Waits: waits, Scale: 2}).Course(); attempts != len(waits)+1 || said < 0 || scaled > said {
				t.Errorf("waits %q are %v: %d attempts in %s, scaled %s", text, waits, attempts, said, scaled)
			}
		}
	})
}

// FuzzState reads any text as a state: what is accepted can be taken over, and is
// the same when it is written again.
func FuzzState(f *testing.F) {
	for _, seed := range seeds(f, "state", 12) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if mock.ReadSnapshot(text) != nil {
			return
		}
		first, second := &mock.Server{Now: func() time.Time { return testNow }}, &mock.Server{Now: func() time.Time { return testNow }}
		for _, s := range []*mock.Server{first, second} {
			s.Close() // nothing is sent
		}
		if err := first.Restore(text); err != nil {
			t.Fatal(err)
		}
		once, err := first.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if err := second.Restore(once); err != nil {
			t.Fatalf("what was written is refused: %v\n%s", err, once)
		}
		if twice, err := second.Snapshot(); err != nil || string(once) != string(twice) {
			t.Errorf("%v, written\n%s\nand then\n%s", err, once, twice)
		}
	})
}

// FuzzRedact puts secrets before any text, and they do not come through.
func FuzzRedact(f *testing.F) {
	for _, seed := range seeds(f, "redact", 13) {
		f.Add(string(seed))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "0NE") || strings.Contains(text, "TW0") {
			return
		}
		got := mock.Redact(`{"secret":"0NE","a":"whsec_TW0",` + text)
		if strings.Contains(got, "0NE") || strings.Contains(got, "TW0") || !strings.HasPrefix(got, `{"secret":"[redacted]","a":"[redacted]",`) {
			t.Errorf("before %q: %s", text, got)
		}
	})
}

// No secret of the seeds comes through, wherever the text is cut off.
func TestRedactCutAnywhere(t *testing.T) {
	for _, seed := range seeds(t, "redact", 13) {
		text := string(seed)
		for n := range len(text) + 1 {
			got := mock.Redact(text[:n])
			if strings.Contains(got, "CAN") {
				t.Errorf("%s is %s", text[:n], got)
			}
		}
		if strings.Contains(text, "shown") && !strings.Contains(mock.Redact(text), "shown") {
			t.Errorf("too much is hidden: %s", mock.Redact(text))
		}
	}
}

func TestMatchPath(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"/image", "/image", true}, {"/image", "/images", false}, {"/image*", "/images", true}, {"*", "", true}, {"*", "/x", true},
		{"/templates/*/render", "/templates/a/render", true}, {"/templates/*/render", "/templates/a/b/render", true}, {"/templates/*/render", "/templates/render", false},
		{"/a*b*c", "/aXbYc", true}, {"/a*b*c", "/abcd", false}, {"/a*", "/a", true}, {"", "/", false},
		{strings.Repeat("*a", 400), strings.Repeat("a", 900), true}, {strings.Repeat("*a", 400) + "b", strings.Repeat("a", 9000), false},
	} {
		if got := mock.MatchPath(tt.pattern, tt.path); got != tt.want {
			t.Errorf("%.20q matches %.20q: %t", tt.pattern, tt.path, got)
		}
	}
}
