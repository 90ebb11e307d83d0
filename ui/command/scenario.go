package command

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
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
	ID     string        `yaml:"id"`     // for references and for the reader
	Event  string        `yaml:"event"`  // a type of event
	Type   string        `yaml:"type"`   // image, gif or pdf
	Again  string        `yaml:"again"`  // "items" or "items[4]": the same id and body, signed anew
	Repeat int           `yaml:"repeat"` // times; 0 means once
	Delay  string        `yaml:"delay"`  // before each: 200ms or 0-5s
	At     string        `yaml:"at"`     // when it happened: -30s, or RFC 3339
	Set    yaml.MapSlice `yaml:"set"`    // path to value, in this order
	Add    yaml.MapSlice `yaml:"add"`    // likewise, for places that an event does not have
	Unset  []string      `yaml:"unset"`  // paths
	Tamper string        `yaml:"tamper"` // a way to break it
	Expect string        `yaml:"expect"` // as --expect

	line int // in the file
}

// UnmarshalYAML remembers where the step stands.
func (s *step) UnmarshalYAML(node ast.Node) error {
	type plain step
	if err := yaml.NodeToValue(node, (*plain)(s), yaml.Strict(), yaml.UseOrderedMap()); err != nil {
		return err
	}
	s.line = lineOf(node)
	return nil
}

func lineOf(node ast.Node) int {
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken().Position.Line
	}
	return node.GetToken().Position.Line
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

// parseScenario reads YAML. An unknown key, a wrong type and a broken text are
// *usageErrors with the line.
func parseScenario(name string, text []byte) (*scenario, error) {
	for _, t := range lexer.Tokenize(string(text)) {
		if t.Type == token.AliasType { // a few lines of them can mean gigabytes
			return nil, scenarioError(name, t.Position.Line, "aliases (*name) are not supported")
		}
	}
	var s scenario
	if err := decodeYAML(text, &s); err != nil {
		var y yaml.Error
		if errors.As(err, &y) && y.GetToken() != nil {
			return nil, scenarioError(name, y.GetToken().Position.Line, "%s", yamlFault(y))
		}
		return nil, scenarioError(name, 1, "%s", err.Error())
	}
	switch {
	case len(s.Steps) == 0:
		return nil, scenarioError(name, 1, "it has no steps")
	case len(s.Steps) > maxSteps:
		return nil, scenarioError(name, 1, "it has more than %d steps", maxSteps)
	}
	if i := slices.Index(s.Steps, nil); i >= 0 {
		return nil, scenarioError(name, 1, "step %d is empty", i+1)
	}
	return &s, nil
}

// decodeYAML is the library's, which panics on some texts that are no YAML of ours
// ("steps: !!binary x", version 1.19.2).
func decodeYAML(text []byte, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("it cannot be read as YAML")
		}
	}()
	return yaml.UnmarshalWithOptions(text, into, yaml.Strict())
}

// yamlFault is what the library says, without the words of Go.
func yamlFault(err yaml.Error) string {
	if t, ok := errors.AsType[*yaml.TypeError](err); ok {
		what := "a text"
		switch t.DstType.Kind() {
		case reflect.Int, reflect.Int64:
			what = "a whole number"
		case reflect.Slice:
			what = "a list"
		case reflect.Struct, reflect.Map:
			what = "a set of keys"
		}
		return fmt.Sprintf("%q is not %s", t.Token.Value, what)
	}
	return err.GetMessage()
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
