package command

import (
	"io"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
)

func fixturesVectors(env Env) *cli.Command {
	return &cli.Command{
		Name:  "vectors",
		Usage: "write known answers for a test of your own signature check",
		Description: `A JSON array of deliveries: secret, t, now, header and body (or body_base64), each with the
verdict that a verifier must reach and the reason. "valid" is to be accepted, everything else
refused. Where the samples in Pictify's documentation decide otherwise, "differs" says which and
why; a test that wants only what all agree on skips those.`,
		UsageText: `pictap fixtures vectors --out testdata/vectors.json
			pictap fixtures vectors | jq -r '.[] | .verdict + "  " + .name'`,
		Flags:  outFlags(),
		Action: env.action(env.writeVectors),
	}
}

// writeVectors writes the same bytes whatever --output says: they are JSON already.
func (e Env) writeVectors(c *cli.Context, _ *printer) error {
	return e.writeOut(c, 0, func(w io.Writer) error {
		_, err := w.Write(fixtures.Vectors())
		return err
	})
}
