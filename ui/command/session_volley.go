package command

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
	"pictap/ui"
)

// What the page may ask for at once. It shows how each request ended; for more there is
// the command.
const (
	mostFromPage  = 10_000 // requests
	mostEdits     = 200
	mostCopies    = 1000
	mostTogether  = 64
	seedsFromPage = 1_000_000_000
)

// volleys is what the page's trigger view works with: the same volleys that pictap trigger
// sends, but to our own receiver, so that the page shows how it judged them.
func (s *session) volleys() *ui.Volleys {
	v := &ui.Volleys{
		Most: mostFromPage, Sample: s.sampleVolley, Send: s.sendFromPage, Scenarios: scenariosInWords(),
		Shape: func(t pictify.EventType) (json.RawMessage, error) { return fixtures.Schema(t) },
	}
	for _, t := range mock.Tampers() {
		v.Tampers = append(v.Tampers, ui.TamperKind{Name: string(t), Why: t.Why(), Want: t.Want()})
	}
	return v
}

// mediaBase is where pictures of test events are: at the mock, if one belongs to this
// session, else "", where Pictify has them.
func (s *session) mediaBase() string {
	if s.cfg.baseURL == "" {
		return ""
	}
	return s.cfg.baseURL + mock.SampleMedia
}

// localURL is the address of our own path for events of a type.
func (s *session) localURL(t pictify.EventType) (string, error) {
	for _, h := range s.hooks.Local() {
		if h.Event == t {
			return "http://" + s.door.Addr().String() + s.hooks.Path(h.Token), nil
		}
	}
	return "", fmt.Errorf("no path takes %s", t)
}

// volleyOf makes a volley of what the page asks for. The error is a [ui.Refusal] when
// that makes no sense.
func (s *session) volleyOf(w ui.Volley) (*volley, *mock.Load, error) {
	v, load, err := s.makeVolley(w)
	return v, load, inPageWords(err)
}

func (s *session) makeVolley(w ui.Volley) (*volley, *mock.Load, error) {
	v := &volley{now: s.env.now, signer: pictify.NewSigner(s.cfg.secret), copies: 1, media: s.mediaBase()}
	if w.Scenario != "" {
		return v, &mock.Load{Concurrency: 1}, s.playFromPage(v, w)
	}
	seed, err := s.seedOf(w.Seed)
	if err != nil {
		return nil, nil, err
	}
	s.setSeed(v, seed, w.Strict)
	if err := s.readWish(v, w); err != nil {
		return nil, nil, err
	}
	if v.target, err = s.localURL(w.Event); err != nil {
		return nil, nil, err
	}
	rate, together, err := speedOf(w)
	if err != nil {
		return nil, nil, err
	}
	load, err := v.spread(rate, w.Delay, 0, together)
	return v, load, err
}

func (s *session) setSeed(v *volley, seed int64, strict bool) {
	v.seed = uint64(seed)
	v.gen = fixtures.New(seed, s.env.now(), v.media)
	v.gen.Strict = strict
}

// seedOf rolls a seed when none is given. JavaScript has to be able to write it.
func (s *session) seedOf(given *int64) (int64, error) {
	const exact = 1 << 53
	if given != nil {
		if *given < -exact || *given > exact {
			return 0, usagef("the seed must be a whole number from -%d to %d", exact, exact)
		}
		return *given, nil
	}
	var b [8]byte
	if _, err := io.ReadFull(s.env.random(), b[:]); err != nil {
		return 0, fmt.Errorf("roll a seed: %w", err)
	}
	return int64(binary.LittleEndian.Uint64(b[:]) % seedsFromPage), nil
}

// inPageWords makes a Refusal of an error that is about the volley.
func inPageWords(err error) error {
	var unknown *fixtures.UnknownPathError
	if errors.As(err, &unknown) {
		text := fmt.Sprintf("there is no %s in this event", sanitize(unknown.Path, 200))
		if near := nearest(unknown.Path, unknown.Known); near != "" {
			text += "; did you mean " + near + "?"
		}
		return &ui.Refusal{Text: text + " A place that is not there can be added as a new one."}
	}
	if errors.Is(err, fixtures.ErrNotEditable) {
		return &ui.Refusal{Text: sanitize(err.Error(), 300)}
	}
	if u, ok := errors.AsType[*usageError](err); ok {
		text := strings.TrimPrefix(u.msg, "--")
		if u.hint != "" && !strings.Contains(u.hint, "--") {
			text += ": " + u.hint
		}
		return &ui.Refusal{Text: text}
	}
	return err
}

// sampleVolley makes request n of a volley, without sending it.
func (s *session) sampleVolley(w ui.Volley, n int) (ui.VolleySample, error) {
	v, _, err := s.volleyOf(w)
	if err != nil {
		return ui.VolleySample{}, err
	}
	if n < 0 || n >= v.total() {
		return ui.VolleySample{}, &ui.Refusal{Text: fmt.Sprintf("there is no request %d", n+1)}
	}
	if v.at.IsZero() && v.script == nil {
		v.at = s.env.now() // of both that follow
	}
	sh, err := v.shot(n)
	if err != nil {
		return ui.VolleySample{}, inPageWords(err)
	}
	plain := *v
	plain.changes = nil
	made, err := plain.shot(n)
	if err != nil {
		return ui.VolleySample{}, err
	}
	m := v.message(sh, s.env.now())
	out := ui.VolleySample{
		Seed: int64(v.seed), At: v.at.UTC().Format(time.RFC3339), N: n, Total: v.total(), Event: sh.sample.Event, DeliveryID: sh.sample.ID,
		Tamper: string(sh.tamper), Dropped: sh.dropped, Made: string(made.sample.Body), Body: m.Body, Command: s.commandFor(w, v),
	}
	for _, f := range m.Header {
		out.Header = append(out.Header, [2]string{f.Name, f.Value})
	}
	return out, nil
}
