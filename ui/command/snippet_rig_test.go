package command_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Every snippet is run on its language's runtime, in stand-ins for its framework:
// see testdata/frameworks/README.md. What a machine in CI may lack is skipped there.

// A rig is what a snippet is run in. Files of testdata/frameworks are copied to a
// folder of the test's, the snippet among them.
type rig struct {
	programs []string          // that must be installed
	probe    []string          // fails when they are too old
	optional bool              // even in CI
	copies   map[string]string // place in the folder, by name in testdata/frameworks
	texts    map[string]string // more files, by place
	snippet  string            // where it goes
	build    []string
	run      []string
	early    bool // the framework itself answers 400 to JSON that is none, before anybody verifies
}

func nodeRig(framework, file string) rig {
	return rig{
		programs: []string{"node"},
		copies: map[string]string{
			"node.mjs": "node.mjs", "express.mjs": "node_modules/express/index.mjs", "next-server.mjs": "node_modules/next/server.mjs",
		},
		texts: map[string]string{
			"package.json":                      `{"type":"module"}`,
			"node_modules/express/package.json": `{"name":"express","exports":"./index.mjs"}`,
			"node_modules/next/package.json":    `{"name":"next","exports":{"./server":"./server.mjs"}}`,
		},
		snippet: file, run: []string{"node", "node.mjs", framework, file},
	}
}

func pythonRig(framework string) rig {
	return rig{
		programs: []string{"python3"}, copies: map[string]string{"python": "."},
		snippet: "pictify.py", run: []string{"python3", "drive.py", framework},
	}
}

var rigs = map[string]rig{
	"express": nodeRig("express", "pictify.mjs"),
	"next":    nodeRig("next", "app/webhooks/pictify/route.js"),
	"fastify": nodeRig("fastify", "pictify.mjs"),
	"flask":   pythonRig("flask"),
	"fastapi": pythonRig("fastapi"),
	"django":  pythonRig("django"),
	"rails": {
		programs: []string{"ruby"}, copies: map[string]string{"rails.rb": "drive.rb"},
		snippet: "snippet.rb", run: []string{"ruby", "drive.rb", "snippet.rb"}, early: true,
	},
	"laravel": {
		programs: []string{"php"}, probe: []string{"php", "-r", "exit(PHP_VERSION_ID < 80100 ? 1 : 0);"}, optional: true, copies: map[string]string{"laravel.php": "drive.php"},
		snippet: "snippet.php", run: []string{"php", "drive.php", "snippet.php"},
	},
	"go": {
		programs: []string{"go"}, copies: map[string]string{"go": "."}, texts: map[string]string{"go.mod": "module drive\n\ngo 1.24\n"},
		snippet: "webhook/webhook.go", build: []string{"go", "build", "-ldflags=-s -w", "-o", "drive.exe", "."}, run: []string{"./drive.exe"},
	},
	"spring": {
		programs: []string{"java", "javac"}, probe: []string{"javac", "--release", "17", "-version"}, optional: true, copies: map[string]string{"spring": "."},
		snippet: "com/example/PictifyWebhookController.java",
		build:   []string{"javac", "-d", "out", "-sourcepath", ".", "Drive.java"},
		run:     []string{"java", "-XX:TieredStopAtLevel=1", "-cp", "out", "com.example.Drive"},
	},
}

// A printed snippet is a line of "pictap snippet NAME --output json".
type printed struct{ Type, Framework, Language, File, About, Code string }

func printedSnippets(t *testing.T) []printed {
	t.Helper()
	list, err := exec.CommandContext(t.Context(), pictap(t), "snippet", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []printed
	for line := range bytes.Lines(list) {
		var s printed
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), pictap(t), "snippet", s.Framework, "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if len(all) != len(rigs) {
		t.Fatalf("%d snippets, want %d", len(all), len(rigs))
	}
	return all
}

// need skips the test when the machine lacks a program that the rig wants.
func (r rig) need(t *testing.T) {
	t.Helper()
	for _, program := range r.programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv("CI") != "" && !r.optional {
			t.Fatalf("%s is not installed, and in CI it must be", program)
		}
		if r.optional {
			t.Skipf("%s is not installed, nor expected in CI: this snippet was read as text, and not run", program)
		}
		t.Skipf("%s is not installed: this snippet was not run", program)
	}
	if r.probe != nil && exec.CommandContext(t.Context(), r.probe[0], r.probe[1:]...).Run() != nil {
		t.Skipf("%s is too old: this snippet was read as text, and not run", r.programs[0])
	}
}

// set up makes the folder in which code is run. What does not compile is an error.
func (r rig) setUp(t *testing.T, code string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, text []byte) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, text, 0o644))
		if err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range r.copies {
		from = filepath.Join("testdata", "frameworks", from)
		text, err := os.ReadFile(from)
		if err == nil {
			put(to, text)
		} else if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range r.texts {
		put(name, []byte(text))
	}
	put(r.snippet, []byte(code))
	if r.build == nil {
		return dir, nil
	}
	cmd := exec.CommandContext(t.Context(), r.build[0], r.build[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", r.build[0], err, out)
	}
	return dir, nil
}

// start runs the snippet in dir with what it is asked, until its input ends.
func (r rig) start(t *testing.T, dir, secret string, asks []ask) (answers []answer, stderr string, err error) {
	t.Helper()
	var input strings.Builder
	for _, a := range asks {
		input.WriteString(a.line())
	}
	var talk bytes.Buffer
	cmd := exec.CommandContext(t.Context(), r.run[0], r.run[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PICTIFY_WEBHOOK_SECRET="+secret)
	cmd.Stdin, cmd.Stderr = strings.NewReader(input.String()), &talk
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if lines[0] != "ready" {
		return nil, talk.String(), errors.Join(err, errors.New("it did not start"))
	}
	for _, line := range lines[1:] {
		answers = append(answers, readAnswer(t, line))
	}
	return answers, talk.String(), err
}

// faults runs code through asks, by the secret that they are signed with, and
// returns what it did wrong. With "" for a secret it must not start.
func (r rig) faults(t *testing.T, code string, asks map[string][]ask) (faults []string) {
	t.Helper()
	dir, err := r.setUp(t, code)
	if err != nil {
		t.Fatal(err)
	}
	for secret, asks := range asks {
		answers, stderr, err := r.start(t, dir, secret, asks)
		if secret == "" {
			if err == nil || answers != nil || !strings.Contains(stderr, "PICTIFY_WEBHOOK_SECRET") {
				faults = append(faults, fmt.Sprintf("it starts without a secret: %v, %s", err, stderr))
			}
			continue
		}
		if err != nil || len(answers) != len(asks) {
			faults = append(faults, fmt.Sprintf("it gave %d answers to %d deliveries: %v, %s", len(answers), len(asks), err, stderr))
		}
		for i, got := range answers[:min(len(answers), len(asks))] {
			if r.early && asks[i].garbled && got.status == 400 {
				continue
			}
			if fault := asks[i].fault(got); fault != "" {
				faults = append(faults, asks[i].name+": "+fault)
			}
		}
	}
	return faults
}
