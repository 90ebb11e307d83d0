package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// mockFile says where the mock runs that was started last with this state.
const mockFile = "pictap.mock.json"

// A mockNote is what mockFile holds. It is open to its owner alone.
type mockNote struct {
	URL     string `json:"url"`
	Control string `json:"control"` // the token of the control endpoints
}

// announceMock writes down where the mock is, for other commands of this user. Its
// close takes that back.
func (e Env) announceMock(c *cli.Context, m *runningMock) error {
	st, err := e.state(c)
	if err != nil {
		return err
	}
	text, err := json.Marshal(mockNote{m.url, m.Control.Reveal()})
	if err != nil {
		return fmt.Errorf("announce mock: %w", err)
	}
	temp, err := st.writeTemp(string(text))
	if err != nil {
		return err
	}
	if err := os.Rename(temp, st.path(mockFile)); err != nil {
		os.Remove(temp)
		return fmt.Errorf("announce mock: %w", err)
	}
	m.note = st.path(mockFile)
	return nil
}

// withdrawMock removes the note, unless another mock has replaced it.
func withdrawMock(path, url string) {
	if note, err := readMockNote(path); err == nil && note.URL == url {
		os.Remove(path) // where that fails, the next reader finds nobody there
	}
}

func readMockNote(path string) (note mockNote, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return note, err
	}
	return note, json.Unmarshal(text, &note)
}

var errNoMock = errors.New("no mock is running")

// findMock reads where the mock of this state runs.
func (e Env) findMock(c *cli.Context) (mockNote, error) {
	st, err := e.state(c)
	if err != nil {
		return mockNote{}, err
	}
	note, err := readMockNote(st.path(mockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return note, withHint(errNoMock, "start one with pictap mock, or pictap listen --mock")
	}
	if err != nil {
		return note, fmt.Errorf("find the mock: %w", err)
	}
	return note, nil
}

// sendViaMock has the running mock deliver the events to whoever has subscribed.
func (e Env) sendViaMock(c *cli.Context, p *printer, v *volley) error {
	note, err := e.findMock(c)
	if err != nil {
		return err
	}
	nobody, refused := 0, 0
	for n := range v.total() {
		s, err := v.shot(n)
		if err != nil {
			return explainEdit(err)
		}
		at := e.now()
		got, err := note.emit(c.Context, s.sample.Body)
		if err != nil {
			return err
		}
		p.emitted(s, at, got)
		for _, d := range got.Deliveries {
			if !isTaken(d.Status) {
				refused++
			}
		}
		if len(got.Deliveries) == 0 {
			nobody++
		}
	}
	switch {
	case nobody > 0:
		return withHint(fmt.Errorf("nobody has subscribed to %d of %d events", nobody, v.total()),
			"pictap listen --mock, or POST /webhook-subscriptions at %s, subscribes", note.URL)
	case refused > 0:
		return fmt.Errorf("%w %s", errRefusedByApp, count(refused, "delivery"))
	}
	return nil
}

// emit hands an event to the mock.
func (n mockNote) emit(ctx context.Context, body []byte) (got mock.Emitted, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return got, n.askFor(ctx, http.MethodPost, mock.EmitPath, body, &got)
}

// aliveWithin is how long a mock on this machine may take to say that it is there.
const aliveWithin = 5 * time.Second // one that is gone refuses at once

// alive asks whether the mock that wrote the note is still there, and not another server
// that has its port by now.
func (n mockNote) alive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, aliveWithin)
	defer cancel()
	_, err := n.ask(ctx, http.MethodGet, mock.JournalPath+"?limit=1", nil)
	return err
}

// askFor has a control endpoint of the mock answer into a struct.
func (n mockNote) askFor(ctx context.Context, method, path string, body []byte, into any) error {
	text, err := n.ask(ctx, method, path, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read the mock's answer: %w", err)
	}
	return nil
}

// maxMockAnswer bounds an answer of the mock; a snapshot is the longest.
const maxMockAnswer = 256 << 20

// ask asks a control endpoint of the mock. The error matches errNoMock when nobody
// answers there.
func (n mockNote) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, n.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask the mock: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+n.Control)
	transport := &http.Transport{} // no proxy from the environment
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("ask the mock: %w", err)
		}
		return nil, withHint(withCode(exitNetwork, errNoMock), "the one that ran at %s has ended; start one with pictap mock, or pictap listen --mock", n.URL)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxMockAnswer))
	if err != nil {
		return nil, fmt.Errorf("ask the mock: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		var problem struct{ Detail string }
		json.Unmarshal(text, &problem) // "" for what is no problem of ours
		return nil, fmt.Errorf("the mock at %s answered %d: %s", n.URL, resp.StatusCode, problem.Detail)
	}
	return text, nil
}

// emittedLine is one event that was handed to the mock.
type emittedLine struct {
	lineHead
	N          int                    `json:"n"`
	Event      pictify.EventType      `json:"event"`
	Deliveries []mock.EmittedDelivery `json:"deliveries"`
}

func (p *printer) emitted(s shot, at time.Time, got mock.Emitted) {
	if p.json {
		p.emit(emittedLine{lineHead{"emitted", 0, stamp(at)}, s.n, s.sample.Event, got.Deliveries})
		return
	}
	lines := []string{p.shotText(at, s) + "  " + p.paint.dim("via mock")}
	for _, d := range got.Deliveries {
		line := fmt.Sprintf("%s  %s %s  %s  %s  %s", p.paint.dim(at.In(p.zone).Format(time.TimeOnly)), p.paint.cyan("<--"), statusText(p.paint, d.Status),
			sanitize(d.Subscription, 80), sanitize(d.ID, 80), took(time.Duration(d.DurationMS*float64(time.Millisecond))))
		if d.Error != "" {
			line += "   " + sanitize(d.Error, 300)
		}
		lines = append(lines, line)
	}
	p.data(lines...)
}
