package command

import (
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// mockFlags are the flags of "pictap mock" itself.
func mockFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "port", Value: 4010, Usage: "listen on port `N` of this machine; 0 chooses one"},
		&cli.BoolFlag{Name: "lenient", Usage: "let batch.* and unknown events be subscribed to, which Pictify refuses"},
		&cli.StringSliceFlag{Name: "allow-target", Usage: "deliver to `HOST` too, which is not on this machine and not public: host.docker.internal, 192.168.1.5:3000 or 192.168.0.0/16; repeatable"},
		&cli.BoolFlag{Name: "strict", Usage: "only keys that the documents show: no data.deliveryId"},
		choiceFlag("batch-status", nil, "tell of a batch of which some items failed as `STATUS`: completed, as the guide does, or partial", "completed", "partial"),
		choiceFlag("plan", nil, "play the `PLAN` pro, or starter, which has no webhooks", "pro", "starter"),
		&cli.StringFlag{Name: "ca-file", Usage: "trust the certificates in `FILE` when delivering to https"},
		secretFileFlag("api-key-file", "the one key to accept, instead of any", "PICTAP_MOCK_API_KEY"),
		&cli.StringFlag{Name: "state", Usage: "keep all that is created, secrets included, and what is still due in `FILE`"},
		&cli.StringFlag{Name: "seed-file", Usage: "begin with the templates in `FILE`, a JSON array of what POST /templates takes, each with its uid"},

		&cli.Float64Flag{Name: "time-scale", Value: 1, Usage: "retry `N` times faster: with 3200, 26h36m pass in 30s"},
		&cli.StringFlag{Name: "retry-schedule", Value: "1m,5m,30m,2h,24h", Usage: "retry after `WAITS`, or none"},
		&cli.IntFlag{Name: "attempts", Usage: "give a delivery up after `N` attempts (default: one more than there are waits)", DefaultText: "-"},
		choiceFlag("after-retries", nil, "leave a subscription `STATUS` when a delivery is given up: failed or, as other documents have it, paused", "failed", "paused"),
		&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second, Usage: "give a handler `DURATION` to answer"},

		&cli.StringFlag{Name: "latency", Usage: "hold every answer back for `RANGE`: 200ms or 50-200ms"},
		&cli.StringSliceFlag{Name: "fault", Usage: "a `FAULT` is 'POST /image=500:10%': see above; repeatable"},
		&cli.StringSliceFlag{Name: "media-fault", Usage: "the same for pictures, at /media, /b and /r: `FAULT` is gone@10s, slow@2s, truncate:10% or type; repeatable"},
		&cli.StringFlag{Name: "rate-limit", Usage: "allow each key `RATE` requests: 60/m"},
		&cli.Int64Flag{Name: "seed", Usage: "draw latency and faults from seed `N` (default: another one each time)", DefaultText: "-"},
	}
}

// mockServer is the mock that the flags describe.
func (e Env) mockServer(c *cli.Context) (*mock.Server, error) {
	roots, err := loadCA(c.String("ca-file"))
	if err != nil {
		return nil, err
	}
	key, err := e.secretFrom(c, "api-key-file", "PICTAP_MOCK_API_KEY")
	if err != nil {
		return nil, err
	}
	ladder, err := readLadder(c)
	if err != nil {
		return nil, err
	}
	faults, err := e.readFaults(c)
	if err != nil {
		return nil, err
	}
	if c.Duration("timeout") < time.Millisecond {
		return nil, usagef("--timeout must be at least 1ms")
	}
	places, err := readPlaces(c)
	if err != nil {
		return nil, err
	}
	server := &mock.Server{
		Key: pictify.NewSecret(key), Lenient: c.Bool("lenient"), NoWebhooks: c.String("plan") == "starter",
		PartialBatches: c.String("batch-status") == "partial",
		Ladder:         ladder, Faults: faults, Places: places,
		Dispatcher: &mock.Dispatcher{
			TLS: &tls.Config{RootCAs: roots}, Now: e.Now, Timeout: c.Duration("timeout"), Allow: places.Allow, Strict: c.Bool("strict"),
		},
		Now: e.Now, Random: e.Random, Log: e.logger(c),
	}
	if path := c.String("seed-file"); path != "" {
		if err := seedMock(server, path); err != nil {
			return nil, err
		}
	}
	return server, nil
}

const maxSeedFile = 64 << 20 // bytes

// seedMock gives a mock the templates that are in a file.
func seedMock(server *mock.Server, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read templates: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSeedFile+1))
	switch {
	case err != nil:
		return fmt.Errorf("read templates: %w", err)
	case len(text) > maxSeedFile:
		return usagef("--seed-file: %s has more than %d MiB", sanitize(path, 300), maxSeedFile>>20)
	}
	if err := server.Seed(text); err != nil {
		return usagef("--seed-file: %s: %s", sanitize(path, 300), sanitize(err.Error(), 300)).withHint(`it looks like [{"uid":"CARD1","name":"Card","html":"<h1>{{title}}</h1>"}]`)
	}
	return nil
}

// readPlaces reads where targets may be beside this machine.
func readPlaces(c *cli.Context) (places mock.Places, err error) {
	for _, text := range c.StringSlice("allow-target") {
		place, err := mock.ParsePlace(text)
		if err != nil {
			return nil, badFlag("allow-target", text, err)
		}
		places = append(places, place)
	}
	return places, nil
}

const maxTimeScale = 1e9

func readLadder(c *cli.Context) (mock.Ladder, error) {
	l := mock.Ladder{Scale: c.Float64("time-scale"), Attempts: c.Int("attempts"), After: pictify.Status(c.String("after-retries"))}
	if !(l.Scale > 0 && l.Scale <= maxTimeScale) || math.IsNaN(l.Scale) {
		return l, usagef("--time-scale must be more than 0, and at most 1000000000")
	}
	if l.Attempts < 0 || l.Attempts > 1000 || l.Attempts == 0 && c.IsSet("attempts") {
		return l, usagef("--attempts must be a number from 1 to 1000")
	}
	var err error
	if l.Waits, err = mock.ParseWaits(c.String("retry-schedule")); err != nil {
		return l, usagef("--retry-schedule: %s", sanitize(err.Error(), 200)).withHint("waits are written 1m,5m,30m,2h,24h; none is a single attempt")
	}
	return l, nil
}

func (e Env) readFaults(c *cli.Context) (mock.Faults, error) {
	f := mock.Faults{Seed: uint64(e.now().UnixNano())}
	if c.IsSet("seed") {
		f.Seed = uint64(c.Int64("seed"))
	}
	var err error
	if text := c.String("latency"); text != "" {
		if f.Latency, err = mock.ParseLatency(text); err != nil {
			return f, badFlag("latency", text, err)
		}
	}
	if text := c.String("rate-limit"); text != "" {
		if f.Limit, err = mock.ParseRate(text); err != nil {
			return f, badFlag("rate-limit", text, err)
		}
	}
	for _, text := range c.StringSlice("fault") {
		fault, err := mock.ParseFault(text)
		if err != nil {
			return f, badFlag("fault", text, err)
		}
		f.Rules = append(f.Rules, fault)
	}
	for _, text := range c.StringSlice("media-fault") {
		fault, err := mock.ParseMediaFault(text)
		if err != nil {
			return f, badFlag("media-fault", text, err)
		}
		f.Rules = append(f.Rules, fault)
	}
	return f, nil
}

func badFlag(name, text string, err error) error {
	return usagef("--%s is %q: %s", name, sanitize(text, 80), sanitize(err.Error(), 200)).withHint(`"pictap mock --help" shows how it is written`)
}

// mockNotes are lines about what is not as it is without flags: a word and what it is about.
func mockNotes(s *mock.Server, state string) (notes [][2]string) {
	add := func(word, format string, args ...any) {
		notes = append(notes, [2]string{word, fmt.Sprintf(format, args...)})
	}
	if state != "" {
		add("state", "%s", sanitize(state, 300))
	}
	if len(s.Places) > 0 {
		var places []string
		for _, place := range s.Places {
			places = append(places, place.String())
		}
		add("targets", "this machine, public hosts, and %s", strings.Join(places, ", "))
	}
	if s.Dispatcher.Strict {
		add("strict", "payloads have no data.deliveryId: the id is in the header alone")
	}
	if !s.HookSecret.IsZero() {
		add("batches", "what goes to a webhookUrl is signed with the secret that \"pictap secret show\" prints")
	}
	if attempts, said, here := s.Ladder.Course(); s.Ladder.Scale != 1 || attempts != 6 || s.Ladder.After == pictify.Paused {
		text := fmt.Sprintf("%s in %s, which is %s here", count(attempts, "attempt"), plainSpan(said), plainSpan(here))
		if s.Ladder.After == pictify.Paused {
			text += "; then the subscription is paused"
		}
		add("retries", "%s", text)
	}
	if l := s.Faults.Latency; l.Max > 0 {
		add("latency", "%s to %s", plainSpan(l.Min), plainSpan(l.Max))
	}
	if l := s.Faults.Limit; l.Count > 0 {
		add("limit", "%s in %s for each key", count(l.Count, "request"), plainSpan(l.Per))
	}
	var rules []string
	for _, rule := range s.Faults.Rules {
		rules = append(rules, sanitize(rule.String(), 200))
	}
	if len(rules) > 0 {
		add("faults", "%s", strings.Join(rules, ", "))
	}
	if len(rules) > 0 || s.Faults.Latency.Max > s.Faults.Latency.Min {
		add("seed", "%d", s.Faults.Seed)
	}
	return notes
}

// plainSpan writes 26h36m rather than 26h36m0s.
func plainSpan(d time.Duration) string {
	text := d.Round(time.Microsecond).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
