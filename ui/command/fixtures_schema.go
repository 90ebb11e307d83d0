package command

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

func fixturesSchema(env Env) *cli.Command {
	return &cli.Command{
		Name:  "schema",
		Usage: "print the JSON Schema of an event, or one for all of them",
		Description: `The schema (JSON Schema 2020-12) describes the body of a delivery: which keys it has, which of them
may be absent, and where the documentation leaves a set of values open. Keys that it does not list
are allowed. It refers to nothing outside of itself.`,
		UsageText: `pictap fixtures schema render.completed
			pictap fixtures schema --out pictify.schema.json`,
		ArgsUsage: "[event]",
		Flags:     outFlags(),
		Action:    env.action(env.schema),
	}
}

func (e Env) schema(c *cli.Context, p *printer) error {
	text, err := schemaOf(c.Args().First())
	if err != nil {
		return err
	}
	if p.json && c.String("out") == "" { // one object a line
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			return err
		}
		p.data(line.String())
		return nil
	}
	err = e.writeOut(c, 0o666, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if isClosedPipe(err) { // its reader has seen enough
		return nil
	}
	return err
}

// schemaOf is the schema of the event with a name, of all for "".
func schemaOf(name string) ([]byte, error) {
	if name == "" {
		return fixtures.SchemaOfAll()
	}
	types, err := pickTypes(pictify.EventTypes(), []string{name})
	if err != nil {
		return nil, err
	}
	if len(types) > 1 || string(types[0]) != name {
		return nil, usagef("%q is not the name of one event", sanitize(name, 80)).
			withHint("without a name there is one schema for all of them")
	}
	return fixtures.Schema(types[0])
}
