package command

import (
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// A snippet is a handler for Pictify's webhooks in one framework: a whole file
// that agrees with every case of fixtures.Vectors, as a test sees by running it.
// How it is wired in stands in its first lines.
type snippet struct {
	framework string // the command's argument
	language  string
	source    string // in snippets/
	file      string // where it goes in an app of that framework
	about     string
	needs     string // how it comes to what it imports
}

var snippets = []snippet{
	{"express", "javascript", "express.mjs", "pictify.mjs", "Express, a router with express.raw", "npm install express"},
	{"next", "javascript", "next.js", "app/webhooks/pictify/route.js", "Next.js, a route handler of the App Router", "npm install next react react-dom"},
	{"fastify", "javascript", "fastify.mjs", "pictify.mjs", "Fastify, a plugin with a content type parser of its own", "npm install fastify"},
	{"flask", "python", "flask.py", "pictify.py", "Flask, a blueprint with request.get_data", "pip install flask"},
	{"fastapi", "python", "fastapi.py", "pictify.py", "FastAPI, a router with request.body and background tasks", "pip install fastapi uvicorn"},
	{"django", "python", "django.py", "yourapp/pictify.py", "Django, a view with request.body, without CSRF check", "pip install django"},
	{"rails", "ruby", "rails.rb", "app/controllers/pictify_webhooks_controller.rb", "Rails, a controller with request.raw_post and a job", "gem install rails"},
	{"laravel", "php", "laravel.php", "app/Http/Controllers/PictifyWebhookController.php", "Laravel, a controller with getContent, without CSRF check", "composer require laravel/framework"},
	{"go", "go", "net_http.go.txt", "webhook/webhook.go", "net/http, a handler with io.ReadAll", "nothing but the standard library"},
	{"spring", "java", "spring.java", "src/main/java/com/example/PictifyWebhookController.java", "Spring Boot, a controller that takes byte[]", "the starter spring-boot-starter-web"},
}

//go:embed snippets
var snippetFiles embed.FS

func (s snippet) code() []byte {
	text, err := snippetFiles.ReadFile("snippets/" + s.source)
	if err != nil {
		panic(err) // it is in the binary
	}
	return text
}

// snippetLine is a snippet in NDJSON. A list has no code.
type snippetLine struct {
	Type      string `json:"type"`
	Framework string `json:"framework"`
	Language  string `json:"language"`
	File      string `json:"file"`
	About     string `json:"about"`
	Code      string `json:"code,omitempty"`
}

// Snippet is the command that prints handlers.
func Snippet(env Env) *cli.Command {
	return &cli.Command{
		Name:  "snippet",
		Usage: "print a handler for your framework",
		Description: `A whole file: it reads the raw body, verifies the signature, takes a delivery once, answers at once and
works then. Its first lines say how to wire it in. It has been run against every case of "pictap
fixtures vectors". Without a framework the command lists them.`,
		UsageText: `pictap snippet
			pictap snippet express --out pictify.mjs
			pictap snippet django --json | jq -r .code`,
		ArgsUsage: "[framework]",
		Flags:     outFlags(),
		Action:    env.action(env.snippet),
	}
}

func (e Env) snippet(c *cli.Context, p *printer) error {
	toFile := c.String("out") != "" && c.String("out") != "-"
	if !c.Args().Present() {
		if toFile {
			return usagef("--out needs a framework").withHint("they are %s", strings.Join(snippetNames(), ", "))
		}
		return listSnippets(p)
	}
	s, err := findSnippet(c.Args().First())
	if err != nil {
		return err
	}
	if p.json && !toFile {
		p.emit(s.line(string(s.code())))
		return p.Err()
	}
	err = e.writeOut(c, 0o666, func(w io.Writer) error {
		_, err := w.Write(s.code())
		return err
	})
	if err != nil {
		return err
	}
	if !toFile {
		p.note("")
	}
	p.note("%s  %s", p.paintTalk.dim("goes to"), s.file)
	p.note("%s    %s", p.paintTalk.dim("needs"), s.needs+`; PICTIFY_WEBHOOK_SECRET, which "pictap secret show" prints`)
	p.note("%s      %s", p.paintTalk.dim("try"), "pictap trigger --all 3000 && pictap trigger render.completed --tamper all 3000")
	return p.Err()
}

func (s snippet) line(code string) snippetLine {
	return snippetLine{"snippet", s.framework, s.language, s.file, s.about, code}
}

func listSnippets(p *printer) error {
	for _, s := range snippets {
		if p.json {
			p.emit(s.line(""))
			continue
		}
		p.data(fmt.Sprintf("%s  %s", p.paint.bold(pad(s.framework, 8)), s.about))
	}
	p.note("%s", p.paintTalk.dim("pictap snippet NAME prints one; --out FILE writes it"))
	return p.Err()
}

func snippetNames() []string {
	var names []string
	for _, s := range snippets {
		names = append(names, s.framework)
	}
	return names
}

// findSnippet is the snippet for a framework; case does not matter. The error is a *usageError.
func findSnippet(name string) (snippet, error) {
	for _, s := range snippets {
		if strings.EqualFold(s.framework, name) {
			return s, nil
		}
	}
	err := usagef("there is no snippet for %q", sanitize(name, 80))
	if near := nearest(name, snippetNames()); near != "" {
		return snippet{}, err.withHint("did you mean %q?", "pictap snippet "+near)
	}
	return snippet{}, err.withHint("there is one for %s", strings.Join(snippetNames(), ", "))
}
