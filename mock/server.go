package mock

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// A Server is Pictify's API as the handler of an [http.Server]. The zero Server is
// ready to use and has no subscriptions. Set the fields before the first request;
// methods and requests may then come from several goroutines.
//
// It is meant for a loopback listener and protects itself like a local tool: it
// answers only under loopback names with the listener's own port, refuses
// requests that a page of another origin makes, and never allows one with CORS.
type Server struct {
	Key        pictify.Secret // the one API key that is accepted; the zero Secret accepts any
	Lenient    bool           // lets batch.* and undocumented types be subscribed to
	NoWebhooks bool           // plays a plan without webhooks: everything about them is 403

	// PartialBatches has batch.completed say "partial" when some items failed, as the
	// table of statuses has it (api-reference/batch); otherwise it says "completed", as
	// the guide does. The results of the batch are partial either way.
	PartialBatches bool

	// Control is the token of the control endpoints, see [EmitPath]; the zero Secret
	// switches them off.
	Control pictify.Secret

	// Dispatcher delivers what is emitted; nil means a zero one with this Now, and with
	// Places for its Allow, which another one should have too.
	Dispatcher *Dispatcher

	// Places are where a subscription's target may be beside this machine and public
	// hosts, and where the webhookUrl of a batch may be.
	Places Places

	// Warn is told, once and from the goroutine of a request, that a target is accepted
	// which the real service would refuse. Nil means nobody.
	Warn func(text string)

	// Ladder says when a delivery that has failed is tried again.
	Ladder Ladder

	// HookSecret signs what goes to a target without a subscription, see [Server.EmitTo].
	HookSecret pictify.Secret

	// Trouble decides what goes wrong with a request, nil when nothing does. It
	// is asked after the checks of Host and Origin and before anything else, from
	// the goroutine of the request.
	Trouble func(*http.Request) *Trouble

	// Faults are what goes wrong by chance, and a limit of requests.
	Faults Faults

	Now    func() time.Time // nil means time.Now
	Random io.Reader        // for ids and secrets; nil means crypto/rand
	Log    *slog.Logger     // nil means silence

	mu            sync.Mutex // guards what follows, and reading from Random
	subscriptions []*record  // in order of creation
	created       created
	dispatcher    *Dispatcher
	samples       *fixtures.Generator
	out           outbox
	kept          keeping
	cut           cutShort

	send    func(context.Context, Delivery) Result // of tests; nil means the dispatcher's
	wg      sync.WaitGroup                         // attempts under way
	journal journal
	chaos   chaos
	warned  sync.Once

	rates rateHeaders
	world world
	media pictures
	crew  crew
}

// A call is a request that has passed the guards.
type call struct {
	*http.Request
	body []byte
	uid  string // from the path: the segment that the pattern has {…} for
}

// base is where the caller found this server.
func (c call) base() string { return "http://" + c.Host }

// An endpoint carries a call out. What it returns is encoded as JSON, unless it is
// an [http.HandlerFunc], which then answers itself.
type endpoint func(*Server, call) (status int, answer any, err error)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := checkOrigin(r)
	if err == nil && strings.HasPrefix(r.URL.Path, controlPath) {
		status, answer, err := s.control(w, r)
		s.answer(w, r, status, answer, err)
		return
	}
	witness := s.witness(w, r)
	defer witness.end()
	if err != nil {
		s.answer(witness, r, 0, nil, err)
		return
	}
	s.disturb(witness, r, func(w http.ResponseWriter) {
		status, answer, err := s.handle(w, r)
		s.answer(w, r, status, answer, err)
		s.touched(r.Method)
	})
}

// handle routes and authenticates a request and carries it out.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) (int, any, error) {
	methods, param := lookup(r.URL.EscapedPath())
	if methods == nil {
		return 0, nil, noRoute()
	}
	chosen, err := choose(methods, r.Method)
	if chosen == nil || !chosen.open { // a stranger is not told which methods there are
		if err := s.authenticate(r); err != nil {
			return 0, nil, err
		}
	}
	if err != nil {
		return 0, nil, err
	}
	if chosen.body == maxHook && s.NoWebhooks {
		return 0, nil, refusal{status: http.StatusForbidden, slug: "forbidden", code: "plan_upgrade_required",
			title: "Not in your plan", detail: "Webhooks are not available on your plan"}
	}
	if s.Faults.Limit.Count == 0 {
		s.rates.mark(w.Header(), s.now(), s.rate())
	}
	most := chosen.body
	if most == 0 {
		most = maxRequest
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return 0, nil, refusal{status: http.StatusRequestEntityTooLarge, slug: "payload-too-large", title: "Payload too large",
			detail: fmt.Sprintf("The body is larger than %d bytes, or broke off", most)}
	}
	return s.once(chosen, call{r, body, param})
}

// allowed lists methods for the header Allow.
func allowed[T any](methods map[string]T) string {
	return strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
}

// newID makes an id of 16 hex digits. s.mu must be held.
func (s *Server) newID(prefix string) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(s.random(), b[:]); err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return prefix + hex.EncodeToString(b[:]), nil
}

func (s *Server) random() io.Reader {
	if s.Random == nil {
		return rand.Reader
	}
	return s.Random
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Server) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}
