package command

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

func fixturesCheck(env Env) *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "say what is wrong with payloads and requests in files, and where",
		Description: `Each body is checked against the JSON Schema of its event. FILE is a payload (.json), JSON lines
(.jsonl, .ndjson: a payload or a request on each), a request (.http), an HTTP archive (.har), a
folder with such files, or - for a payload or JSON lines from stdin. Of a folder with a manifest.json
the sizes and checksums are compared too. Symbolic links in a folder are not followed.
With a secret the signatures of requests must match; without one, that of the manifest.json beside
them is taken, if it names one. How old they are does not matter unless --at
says when: a fixture is old by nature. A key that is not documented is a warning, because Pictify may
add some. The exit code is 0 if there is no error, 6 if there is one, and 1 if not everything could be
read, whatever the rest is like.`,
		UsageText: `pictap fixtures check testdata/webhooks
			pictap fixtures check --strict payload.json
			pictap fixtures check --secret-file secret.txt --at 2026-01-29T10:30:00Z request.http
			curl -s https://example.com/sample.json | pictap fixtures check -`,
		ArgsUsage: "<FILE|->…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "strict", Usage: "what is not documented is an error"},
			secretFileFlag("secret-file", "the secret that requests are signed with", envSecret),
			&cli.StringFlag{Name: "at", Usage: "signatures must be fresh at `TIME`: RFC 3339, now, or -10m"},
		},
		Action: env.action(env.checkFixtures),
	}
}

var (
	errInvalid     = errors.New("not valid")
	errUnread      = errors.New("not everything could be read")
	errNotThere    = errors.New("has no file in it that can be checked")
	errInterrupted = errors.New("interrupted")
)

func (e Env) checkFixtures(c *cli.Context, p *printer) error {
	names := c.Args().Slice()
	var fromStdin int
	for _, name := range names {
		if name == "-" {
			fromStdin++
		}
	}
	if c.String("secret-file") == "-" {
		fromStdin++
	}
	if fromStdin > 1 {
		return usagef("stdin can be read only once, but - is given %d times", fromStdin)
	}
	secret, err := e.secretFrom(c, "secret-file", envSecret)
	if err != nil {
		return err
	}
	bar := e.progress(p, -1, "payloads")
	defer bar.end()
	run := &checkRun{p: p, bar: bar, stdin: e.Stdin, strict: c.Bool("strict"), done: c.Context.Done()}
	run.given, run.named = pictify.NewSecret(secret), make(map[string]pictify.Secret)
	if c.IsSet("at") {
		if run.checker.At, err = parseMoment("at", c.String("at"), e.now()); err != nil {
			return err
		}
	}
	for _, name := range names {
		if !run.ended() {
			run.argument(name)
		}
	}
	return run.end(c.Context.Err() != nil)
}

// A checkRun is one call of "fixtures check".
type checkRun struct {
	p       *printer
	bar     *progress // until there is something to tell
	stdin   io.Reader
	strict  bool
	done    <-chan struct{}
	checker fixtures.Checker
	given   pictify.Secret            // zero: that of the manifest beside a file
	named   map[string]pictify.Secret // by manifests, by folder
	sum     summaryLine
}

// ended reports whether to stop: interrupted, or nobody reads the output.
func (r *checkRun) ended() bool {
	select {
	case <-r.done:
		return true
	case <-r.p.Gone():
		return true
	default:
		return false
	}
}

// argument checks one word of the command line.
func (r *checkRun) argument(name string) {
	if name == "-" {
		r.checker.Secret = r.given
		r.stdinput()
		return
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		r.unread(name, err)
	case info.IsDir():
		r.folder(name)
	case fixtures.IsManifest(name):
		r.inFolder(filepath.Dir(name), func(fsys fs.FS) { r.manifest(name, fsys) })
	default:
		folder := filepath.Dir(name)
		r.inFolder(folder, func(fsys fs.FS) { r.secretOf(folder, fsys, ".") })
		r.file(name, func() (fs.File, error) { return os.Open(name) })
	}
}

func (r *checkRun) file(name string, open func() (fs.File, error)) {
	f, err := open()
	if err != nil {
		r.unread(name, err)
		return
	}
	defer f.Close()
	r.stream(name, name, f)
}

// secretOf takes the secret for the files in dir, a folder of fsys. The name of the
// folder is for remembering it.
func (r *checkRun) secretOf(folder string, fsys fs.FS, dir string) {
	if r.checker.Secret = r.given; !r.given.IsZero() {
		return
	}
	secret, known := r.named[folder]
	if !known {
		if sub, err := fs.Sub(fsys, dir); err == nil {
			secret = fixtures.ManifestSecret(sub)
		}
		r.named[folder] = secret
	}
	r.checker.Secret = secret
}

func (r *checkRun) stream(name, shown string, in io.Reader) {
	r.checker.Report = func(p fixtures.Problem) { r.problem(shown, p) }
	r.checker.Progress = func(done int) { r.bar.set(r.sum.Payloads + done) }
	tally, err := r.checker.Check(name, interruptible{in, r.done})
	r.sum.Payloads += tally.Payloads
	r.sum.Signatures += tally.Signed
	if err != nil {
		r.unread(shown, err)
		return
	}
	r.sum.Files++
	r.bar.set(r.sum.Payloads)
}

// stdinput checks what comes from stdin. Whoever types there must be able to
// leave, so something else waits for the next line.
func (r *checkRun) stdinput() {
	if r.stdin == nil {
		r.unread("stdin", io.ErrUnexpectedEOF)
		return
	}
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, r.stdin)
		in.CloseWithError(err)
	}()
	go func() { // both end with the process at the latest
		<-r.done
		in.CloseWithError(errInterrupted)
	}()
	r.stream("-", "stdin", out)
}

// interruptible is a reader that ends with an error when done is closed.
type interruptible struct {
	r    io.Reader
	done <-chan struct{}
}

func (i interruptible) Read(p []byte) (int, error) {
	select {
	case <-i.done:
		return 0, errInterrupted
	default:
		return i.r.Read(p)
	}
}

// inFolder calls do with a folder that no name and no symbolic link leads out of.
func (r *checkRun) inFolder(name string, do func(fs.FS)) {
	root, err := os.OpenRoot(name)
	if err != nil {
		r.unread(name, err)
		return
	}
	defer root.Close()
	do(root.FS())
}

func (r *checkRun) folder(name string) {
	before := r.sum
	others := 0
	r.inFolder(name, func(fsys fs.FS) {
		others = fixtures.FilesBelow(fsys, func(inner string, err error) {
			shown := filepath.Join(name, filepath.FromSlash(inner))
			switch {
			case r.ended():
			case err != nil:
				r.unread(shown, err)
			case fixtures.IsManifest(inner):
				sub, err := fs.Sub(fsys, filepath.ToSlash(filepath.Dir(inner)))
				if err != nil {
					r.unread(shown, err)
					return
				}
				r.manifest(shown, sub)
			default:
				r.secretOf(filepath.Dir(shown), fsys, path.Dir(inner))
				r.file(shown, func() (fs.File, error) { return fsys.Open(inner) })
			}
		})
	})
	if r.sum == before && !r.ended() { // a wrong folder must not look like a good one
		r.unread(name, errNotThere)
	}
	r.sum.Others += others
}

func (r *checkRun) manifest(shown string, fsys fs.FS) {
	r.checker.Report = func(p fixtures.Problem) { r.problem(shown, p) }
	if err := r.checker.CheckManifest(fsys); err != nil {
		r.unread(shown, err)
		return
	}
	r.sum.Files++
}
