package command

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/pictify"
)

// Fixtures makes files for tests.
func Fixtures(env Env) *cli.Command {
	return &cli.Command{
		Name:  "fixtures",
		Usage: "sample events as files for tests, the same bytes for the same seed",
		UsageText: `pictap fixtures gen --out testdata/pictify
			pictap fixtures gen render.completed --type gif -n 20 --seed 7 --format http --out requests`,
		Subcommands: []*cli.Command{
			fixturesGen(env),
			fixturesVectors(env),
			fixturesList(env),
			fixturesSchema(env),
			fixturesCheck(env),
			fixturesCapture(env),
		},
	}
}

func fixturesList(env Env) *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"ls"}, Usage: "list the types of event that there are samples of",
		UsageText: "pictap fixtures list",
		Action:    env.action(env.listFixtures),
	}
}

// sampleLine is one type of event.
type sampleLine struct {
	Event        pictify.EventType `json:"event"`
	Subscribable bool              `json:"subscribable"`
	About        string            `json:"about"`
}

func (e Env) listFixtures(_ *cli.Context, p *printer) error {
	for _, line := range sampleLines() {
		if p.json {
			p.emit(line)
			continue
		}
		note := ""
		if !line.Subscribable {
			note = "  (cannot be subscribed to)"
		}
		p.data(fmt.Sprintf("%s  %s%s", p.paint.bold(pad(string(line.Event), 16)), line.About, p.paint.dim(note)))
	}
	return nil
}

// sampleLines describes every documented type.
func sampleLines() []sampleLine {
	about := map[pictify.EventType]string{
		pictify.RenderCompleted: "an image, GIF or PDF is ready",
		pictify.RenderFailed:    "a render did not come about",
		pictify.BatchCompleted:  "a batch has ended, perhaps with failed items",
		pictify.BatchFailed:     "a batch has failed as a whole",
		pictify.BindingUpdated:  "a binding fetched its data and rendered anew",
		pictify.BindingFailed:   "a binding could not refresh",
	}
	var lines []sampleLine
	for _, t := range pictify.EventTypes() {
		lines = append(lines, sampleLine{t, slices.Contains(pictify.Subscribable(), t), about[t]})
	}
	return lines
}
