package ui_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pictap/tunnel/store"
	"pictap/ui"
)

func TestCodeIsGoodOnce(t *testing.T) {
	var opened []string
	s := serve(t, ui.Options{Store: openStore(t), Opened: func(url string) { opened = append(opened, url) }})
	first := s.LaunchURL()
	if s.LaunchURL() != first {
		t.Error("the link changes although nobody used it")
	}
	code := s.code()
	g, status := s.exchange("code", code)
	if status != 200 || len(g.Token) != 32 || len(g.Resume) != 32 || g.Token == g.Resume || g.Epoch == "" {
		t.Fatalf("exchange = %d %+v", status, g)
	}
	if s.LaunchURL() == first {
		t.Error("the link stays the same after it was used")
	}
	if len(opened) != 1 || opened[0] != s.LaunchURL() {
		t.Errorf("Opened was told %q, want the new link %s", opened, s.LaunchURL())
	}
	for _, again := range []string{code, "", code[:31], strings.ToUpper(code), g.Token} {
		if _, status := s.exchange("code", again); status != 401 {
			t.Errorf("exchange of code %q = %d, want 401", again, status)
		}
	}
	if g2, status := s.exchange("code", s.code()); status != 200 || g2.Token != g.Token || g2.Resume == g.Resume {
		t.Errorf("exchange of the next link = %d, same token %v, same resume key %v", status, g2.Token == g.Token, g2.Resume == g.Resume)
	}
}

func TestCodeIsGoodForOneOfMany(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	code := s.code()
	var good atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, status := s.exchange("code", code); status == 200 {
				good.Add(1)
			}
		})
	}
	wg.Wait()
	if good.Load() != 1 {
		t.Errorf("%d of 50 got in by one code, want 1", good.Load())
	}
}

// A page outlives pictap: what it holds from one run opens the next, once, and
// only on the same state.
func TestResumeAcrossRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	st := openStoreAt(t, path)
	a := serve(t, ui.Options{Store: st})
	first, _ := a.exchange("code", a.code())
	a.stop()

	b := serve(t, ui.Options{Store: st})
	if got := b.do("GET", "/api/status", first.Token, "").status; got != 401 {
		t.Errorf("the old run's token = %d, want 401", got)
	}
	second, status := b.exchange("resume", first.Resume)
	if status != 200 || second.Epoch != first.Epoch || second.Token == first.Token {
		t.Fatalf("resume = %d %+v", status, second)
	}
	if got := b.do("GET", "/api/status", second.Token, "").status; got != 200 {
		t.Errorf("the token got by resuming = %d, want 200", got)
	}
	if _, status := b.exchange("resume", first.Resume); status != 401 {
		t.Errorf("resuming by the same key again = %d, want 401", status)
	}
	if _, status := b.exchange("resume", second.Resume); status != 200 {
		t.Errorf("resuming by the new key = %d, want 200", status)
	}

	other := serve(t, ui.Options{Store: openStore(t)})
	third, _ := b.exchange("code", b.code())
	if _, status := other.exchange("resume", third.Resume); status != 401 {
		t.Errorf("resuming on another state = %d, want 401", status)
	}
	if got := other.do("GET", "/api/status", third.Token, "").status; got != 401 {
		t.Errorf("another instance's token = %d, want 401", got)
	}
}

func TestInvitation(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	token := s.login()
	invite := func() (code string) {
		t.Helper()
		var in struct{ Code string }
		s.do("POST", "/api/invite", token, "{}").into(t, &in)
		return in.Code
	}
	link := s.LaunchURL()
	code := invite()
	if g, status := s.exchange("code", code); status != 200 || g.Token != token {
		t.Errorf("invited = %d, want 200 and the token", status)
	}
	if _, status := s.exchange("code", code); status != 401 {
		t.Errorf("invited again = %d, want 401", status)
	}
	oldest := invite()
	for range 8 {
		invite()
	}
	if _, status := s.exchange("code", oldest); status != 401 {
		t.Errorf("the oldest of nine invitations = %d, want 401", status)
	}
	if s.LaunchURL() != link {
		t.Error("invitations changed the link")
	}
	if _, status := s.exchange("code", s.code()); status != 200 {
		t.Errorf("the link beside invitations = %d, want 200", status)
	}
}

func TestSessionRequest(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	for name, tt := range map[string]struct {
		body string
		want int
	}{
		"nothing":        {"", 401},
		"empty object":   {"{}", 401},
		"no JSON":        {"code=x", 400},
		"unknown field":  {`{"code":"x","target":"http://evil.test"}`, 400},
		"wrong type":     {`{"code":5}`, 400},
		"array":          {`[]`, 400},
		"two values":     {`{"code":"x"}{"code":"y"}`, 400},
		"over the limit": {`{"code":"` + strings.Repeat("x", 65<<10) + `"}`, 400},
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.do("POST", "/api/session", "", tt.body); got.status != tt.want {
				t.Errorf("POST /api/session = %d %s, want %d", got.status, got.body, tt.want)
			}
		})
	}
}

// The right token works at once, whatever was tried before.
func TestManyWrongTokens(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	token := s.login()
	for i := range 10_000 {
		wrong := []byte(token)
		wrong[i%len(wrong)] ^= 1
		if got := s.do("GET", "/api/status", string(wrong), "").status; got != 401 {
			t.Fatalf("wrong token %d = %d, want 401", i, got)
		}
	}
	if got := s.do("GET", "/api/status", token, "").status; got != 200 {
		t.Errorf("the right token = %d, want 200", got)
	}
}

// A store that cannot write is a reason to look at the page, not to be kept out.
func TestNoResumeKeyWithoutStore(t *testing.T) {
	st, err := store.Open(filepath.Join(t.TempDir(), store.FileName), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, ui.Options{Store: st})
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if g, status := s.exchange("code", s.code()); status != 200 || g.Token == "" || g.Resume != "" {
		t.Errorf("exchange with a closed store = %d %+v, want a token and no resume key", status, g)
	}
	if _, status := s.exchange("resume", "x"); status != 500 {
		t.Errorf("resume with a closed store = %d, want 500", status)
	}
}

func TestNoRandomNoPage(t *testing.T) {
	broken := io.MultiReader(strings.NewReader(strings.Repeat("x", 30)), errReader{})
	if _, err := ui.New(ui.Options{Store: openStore(t), Random: broken}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}); err == nil {
		t.Error("New without randomness: no error")
	}
	s := serve(t, ui.Options{Store: openStore(t), Random: io.MultiReader(strings.NewReader(strings.Repeat("x", 48)), errReader{})})
	if _, status := s.exchange("code", s.code()); status != http.StatusInternalServerError {
		t.Errorf("exchange without randomness = %d, want 500", status)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("no entropy") }
