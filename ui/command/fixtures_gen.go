package command

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// fixturesAt is when the events of fixtures happen unless told otherwise: always
// at the same time, that of the guide's examples, so that a set is the same again.
const fixturesAt = "2026-01-29T10:30:00Z"

func fixturesGen(env Env) *cli.Command {
	return &cli.Command{
		Name: "gen", Aliases: []string{"generate"}, Usage: "write sample events as files", ArgsUsage: "[event]…",
		Description: `Writes a file for each event into a folder, and a manifest.json with their SHA-256. The same seed, time
and flags give the same bytes on every machine. Without an event it is one of every type, and for
render.completed an image, a GIF and a PDF. All files are written or none; what exists is not replaced
without --force.

Formats: json is the body, byte for byte what is signed; http a request with signature, as editors read it;
curl a script that sends it; jsonl one file with event, delivery_id, headers and body on each line; har an
HTTP archive. Signatures are as of --at, so a test has to judge them as of then. They are made with a public
secret, which the manifest names, unless --secret-file gives another.

--out - writes to stdout, a line for each body in the format json.`,
		UsageText: `pictap fixtures gen --out testdata/pictify
			pictap fixtures gen render.completed --type gif -n 20 --seed 7 --format http --out requests
			pictap fixtures gen 'batch.*' -n 1000000 --format jsonl --out - | head`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "write into the folder `DIR`; - is stdout"},
			&cli.Int64Flag{Name: "seed", Value: 1, Usage: "make the events of seed `N`"},
			&cli.StringFlag{Name: "at", Value: fixturesAt, Usage: "events happen at `TIME`: RFC 3339, now, or -10m"},
			countFlag(1, "`N` events of each kind"),
			&cli.StringFlag{Name: "type", Usage: "what is rendered: `TYPE` is image, gif or pdf (default: one of each)", DefaultText: "-"},
			choiceFlag("format", nil, "`FORMAT` is json, http, curl, jsonl or har", formatNames()...),
			&cli.BoolFlag{Name: "strict", Usage: "only keys that the documents show: no data.deliveryId"},
			&cli.StringFlag{Name: "media-base", Usage: "pictures are below `URL`, or mock: drawn by the running mock (default " + fixtures.DefaultMediaBase + ")", DefaultText: "-"},
			&cli.StringFlag{Name: "to", Usage: "requests go to `TARGET` (default http://localhost:3000/webhooks/pictify)", DefaultText: "-"},
			&cli.StringFlag{Name: "secret-file", Usage: "sign with the secret in `FILE`, - is stdin (default: a public one, for tests)"},
			&cli.BoolFlag{Name: "force", Usage: "replace what exists"},
		},
		Action: env.action(env.genFixtures),
	}
}

func countFlag(value int, usage string) cli.Flag {
	return &cli.IntFlag{Name: "count", Aliases: []string{"n", "c"}, Value: value, Usage: usage}
}

func formatNames() []string {
	var names []string
	for _, f := range fixtures.Formats() {
		names = append(names, string(f))
	}
	return names
}

func (e Env) genFixtures(c *cli.Context, p *printer) error {
	out := c.String("out")
	if out == "" {
		return usagef(`"pictap fixtures gen" needs --out DIR`).withHint("--out - writes to stdout")
	}
	set, err := e.fixtureSet(c)
	if err != nil {
		return err
	}
	bar := e.progress(p, int64(set.Total()), "events")
	defer bar.end()
	set.Progress = bar.set
	if out == "-" {
		if err := set.Stream(c.Context, e.stdout()); !isClosedPipe(err) { // "| head" has seen enough
			return err
		}
		return nil
	}
	folder, err := fixtures.OpenFolder(out)
	if err != nil {
		return err
	}
	defer folder.Close()
	folder.Force = c.Bool("force")
	if err := set.Write(c.Context, folder); err != nil {
		if c.Context.Err() != nil {
			return errors.New("interrupted, and nothing was written")
		}
		return err
	}
	bar.end()
	if p.json {
		p.emit(genLine{p.head("generated"), clip(out, longText), set.Total(), string(set.Format)})
		return nil
	}
	p.note("wrote %s to %s, with %s", count(set.Total(), "event"), sanitize(out, 200), fixtures.ManifestName)
	return nil
}

// genLine says what was written.
type genLine struct {
	lineHead
	Out    string `json:"out"`
	Events int    `json:"events"`
	Format string `json:"format"`
}

// fixtureSet is the set that the flags and arguments ask for.
func (e Env) fixtureSet(c *cli.Context) (fixtures.Set, error) {
	at, err := parseMoment("at", c.String("at"), e.now())
	if err != nil {
		return fixtures.Set{}, err
	}
	kinds, err := fixtureKinds(c.Args().Slice(), c.String("type"))
	if err != nil {
		return fixtures.Set{}, err
	}
	set := fixtures.Set{
		Seed: c.Int64("seed"), At: at, Kinds: kinds, Count: c.Int("count"),
		Format: fixtures.Format(c.String("format")), Strict: c.Bool("strict"),
	}
	if set.Count < 1 {
		return set, usagef("--count must be more than 0")
	}
	if set.Target, err = parseTarget(cmp.Or(c.String("to"), defaultPort), ""); err != nil {
		return set, err
	}
	if set.MediaBase, err = e.mediaBase(c); err != nil {
		return set, err
	}
	secret, err := e.secretFrom(c, "secret-file", "")
	set.Secret = pictify.NewSecret(secret)
	return set, err
}

// fixtureKinds are the kinds that match the patterns, all for none, and that are
// of the type, unless that is "".
func fixtureKinds(patterns []string, typ string) ([]fixtures.Kind, error) {
	if err := checkRenderType(typ); err != nil {
		return nil, err
	}
	types, err := pickTypes(pictify.EventTypes(), patterns)
	if err != nil {
		return nil, err
	}
	var kinds []fixtures.Kind
	for _, k := range fixtures.Kinds() {
		switch {
		case !slices.Contains(types, k.Event):
			continue
		case typ == "":
		case k.Event == pictify.RenderFailed:
			k.Type = typ
		case k.Type != typ:
			continue
		}
		kinds = append(kinds, k)
	}
	if len(kinds) == 0 {
		return nil, usagef("--type %s leaves none of these events", typ).withHint("only renders have a type")
	}
	return kinds, nil
}

func checkRenderType(typ string) error {
	if typ != "" && !slices.Contains(fixtures.Types(), typ) {
		return usagef("--type is %q, but takes %s", sanitize(typ, 40), strings.Join(fixtures.Types(), ", "))
	}
	return nil
}
