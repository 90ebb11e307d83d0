package command

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A scenario is a course of events written down in YAML: steps in order, each a
// delivery or a number of them. See scenarios/ for two that are worked out.
type scenario struct {
	About string  `yaml:"about"`
	Seed  *int64  `yaml:"seed"` // nil: another one each time
	Steps []*step `yaml:"steps"`
}

// A step sends an event of a type, or an earlier delivery again.
type step struct {
	ID     string    `yaml:"id"`     // for references and for the reader
	Event  string    `yaml:"event"`  // a type of event
	Type   string    `yaml:"type"`   // image, gif or pdf
	Again  string    `yaml:"again"`  // "items" or "items[4]": the same id and body, signed anew
	Repeat int       `yaml:"repeat"` // times; 0 means once
	Delay  string    `yaml:"delay"`  // before each: 200ms or 0-5s
	At     string    `yaml:"at"`     // when it happened: -30s, or RFC 3339
	Set    yaml.Node `yaml:"set"`    // path to value, in this order; its zero value is none
	Add    yaml.Node `yaml:"add"`    // likewise, for places that an event does not have
	Unset  []string  `yaml:"unset"`  // paths
	Tamper string    `yaml:"tamper"` // a way to break it
	Expect string    `yaml:"expect"` // as --expect

	line int // in the file
}

const (
	maxScenario = 1 << 20 // bytes
	maxSteps    = 1000
	maxShots    = 100_000
)

//go:embed scenarios/*.yaml
var scenarioFiles embed.FS

// scenarioNames are those built in.
func scenarioNames() []string {
	entries, err := scenarioFiles.ReadDir("scenarios")
	if err != nil {
		panic(err) // they are in the binary
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// loadScenario reads the one that is built in under that name, or a file.
func loadScenario(name string) (*scenario, error) {
	if slices.Contains(scenarioNames(), name) {
		text, err := scenarioFiles.ReadFile("scenarios/" + name + ".yaml")
		if err != nil {
			return nil, err
		}
		return parseScenario(name, text)
	}
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(name, `/\.`) {
		u := usagef("there is no scenario %q, nor a file of that name", sanitize(name, 80))
		if near := nearest(name, scenarioNames()); near != "" {
			return nil, u.withHint("did you mean %s?", near)
		}
		return nil, u.withHint(`"pictap trigger --scenario list" lists those built in`)
	}
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxScenario+1))
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	if len(text) > maxScenario {
		return nil, usagef("%s is longer than %d MiB", sanitize(name, 120), maxScenario>>20)
	}
	return parseScenario(name, text)
}

func scenarioError(name string, line int, format string, args ...any) *usageError {
	return usagef("%s:%d: %s", sanitize(path.Base(strings.ReplaceAll(name, `\`, "/")), 120), line, sanitize(fmt.Sprintf(format, args...), 400)).
		withHint("a step has the keys id, event, type, again, repeat, delay, at, set, add, unset, tamper, expect; --scenario list names two that are worked out")
}

// listScenarios prints those built in.
func (e Env) listScenarios(p *printer) error {
	for _, name := range scenarioNames() {
		s, err := loadScenario(name)
		if err != nil {
			return err
		}
		if p.json {
			p.emit(scenarioLine{"scenario", name, s.About})
			continue
		}
		p.data(fmt.Sprintf("%s  %s", p.paint.bold(pad(name, 14)), s.About))
	}
	p.note("%s", p.paintTalk.dim("pictap trigger --scenario NAME [target]; --scenario FILE for your own, --scenario show:NAME prints one"))
	return p.Err()
}

// scenarioLine is a scenario in a list.
type scenarioLine struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	About string `json:"about"`
}

// showScenario prints the text of one that is built in, to begin one's own with.
func (e Env) showScenario(name string, p *printer) error {
	text, err := scenarioFiles.ReadFile("scenarios/" + name + ".yaml")
	if err != nil {
		return usagef("there is no scenario %q built in", sanitize(name, 80)).withHint("they are %s", strings.Join(scenarioNames(), ", "))
	}
	p.data(strings.TrimSuffix(string(text), "\n"))
	return p.Err()
}
