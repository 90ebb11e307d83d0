package command_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHelp compares what --help says for every command, found as a user finds
// them: in the help of the command above. "go test ./ui/command -run TestHelp -update" rewrites the files.
func TestHelp(t *testing.T) {
	dir := filepath.Join("testdata", "golden", "help")
	update := flag.Lookup("update").Value.String() == "true"
	if update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var files []string
	var walk func(path []string)
	walk = func(path []string) {
		out, err := exec.CommandContext(t.Context(), pictap(t), append(path, "--help")...).Output()
		if err != nil {
			t.Fatalf("pictap %s --help: %v", strings.Join(path, " "), err)
		}
		name := strings.Join(append([]string{"pictap"}, path...), "_") + ".txt"
		files = append(files, name)
		if update {
			if err := os.WriteFile(filepath.Join(dir, name), out, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%v (make it with -update)", err)
		} else if diff := cmp.Diff(string(want), string(out)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for line := range strings.Lines(string(out)) {
			if len(strings.TrimRight(line, "\n")) > 120 {
				t.Errorf("%s: a line of %d bytes: %s", name, len(line), line)
			}
		}
		for _, sub := range commandsIn(string(out)) {
			walk(append(slices.Clone(path), sub))
		}
	}
	walk(nil)

	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(files, entry.Name()) {
			t.Errorf("%s is of a command that does not exist", entry.Name())
		}
	}
}

// commandsIn are the first words of the lines below "Commands:".
func commandsIn(help string) []string {
	_, rest, found := strings.Cut(help, "\nCommands:\n")
	if !found {
		return nil
	}
	var names []string
	for line := range strings.Lines(rest) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			break
		}
		if !strings.HasPrefix(line, "   ") { // else the description goes on
			names = append(names, fields[0])
		}
	}
	return names
}
