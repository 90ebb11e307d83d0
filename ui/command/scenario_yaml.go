package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"
)

// parseScenario reads YAML. An unknown key, a wrong type and a broken text are
// *usageErrors with the line.
func parseScenario(name string, text []byte) (*scenario, error) {
	var document yaml.Node
	var s scenario
	if err := decodeYAML(text, &document); err != nil {
		line, fault := yamlFault(err)
		return nil, scenarioError(name, line, "%s", fault)
	}
	if line := aliasIn(&document); line > 0 { // a few lines of them can mean gigabytes
		return nil, scenarioError(name, line, "aliases (*name) are not supported")
	}
	if err := decodeYAML(text, &s); err != nil {
		line, fault := yamlFault(err)
		return nil, scenarioError(name, line, "%s", fault)
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
	for i, node := range stepsOf(&document) {
		step := s.Steps[i]
		step.line = node.Line
		for _, list := range []*yaml.Node{&step.Set, &step.Add} {
			if list.Kind != 0 && list.Kind != yaml.MappingNode {
				return nil, scenarioError(name, list.Line, "set and add take a set of keys: paths, each with a value")
			}
		}
	}
	return &s, nil
}

// decodeYAML is the library's, with keys that are not known an error. An empty text
// leaves into as it is.
func decodeYAML(text []byte, into any) (err error) {
	defer func() {
		if p := recover(); p != nil { // it is not kept up any more, and these bytes are anybody's
			err = errors.New("it cannot be read as YAML")
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// aliasIn is the line of the first alias, 0 when there is none.
func aliasIn(node *yaml.Node) int {
	if node.Kind == yaml.AliasNode {
		return node.Line
	}
	for _, inner := range node.Content {
		if line := aliasIn(inner); line > 0 {
			return line
		}
	}
	return 0
}

// stepsOf are the steps in a document that could be decoded.
func stepsOf(document *yaml.Node) []*yaml.Node {
	keys := document.Content[0].Content
	for i := 0; i+1 < len(keys); i += 2 {
		if keys[i].Value == "steps" {
			return keys[i+1].Content
		}
	}
	return nil
}

// The library's errors are texts.
var (
	yamlLine  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	yamlField = regexp.MustCompile(`^field (.*) not found in type `)
	yamlType  = regexp.MustCompile("^cannot unmarshal !!\\w+ (?:`(.*)` )?into (.*)$")
)

// yamlFault is where the library finds fault, and with what, without the words of Go.
func yamlFault(err error) (line int, fault string) {
	fault = err.Error()
	if t, ok := errors.AsType[*yaml.TypeError](err); ok {
		fault = t.Errors[0]
	}
	line = 1
	if m := yamlLine.FindStringSubmatch(fault); m != nil {
		line, _ = strconv.Atoi(m[1])
		fault = m[2]
	}
	if m := yamlField.FindStringSubmatch(fault); m != nil {
		return line, fmt.Sprintf("unknown field %q", m[1])
	}
	m := yamlType.FindStringSubmatch(fault)
	if m == nil {
		return line, fault
	}
	what := "a set of keys"
	switch m[2] {
	case "int", "int64":
		what = "a whole number"
	case "string":
		what = "a text"
	case "[]string", "[]*command.step":
		what = "a list"
	}
	if m[1] == "" {
		return line, "this must be " + what
	}
	return line, fmt.Sprintf("%q is not %s", m[1], what)
}
