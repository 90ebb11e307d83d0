package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// editText has the user change a text in the editor of the environment. A text
// that is empty afterwards is an error: that is how an editor is left without
// meaning to.
func (e Env) editText(ctx context.Context, text []byte) ([]byte, error) {
	editor := e.getenv("VISUAL")
	if editor == "" {
		editor = e.getenv("EDITOR")
	}
	words := strings.Fields(editor) // "code --wait"
	if len(words) == 0 {
		return nil, usagef("--edit needs an editor, and neither $VISUAL nor $EDITOR names one").
			withHint("EDITOR=vi pictap trigger …; or write the payload to a file and use --data @file")
	}
	dir, err := os.MkdirTemp("", "pictap-edit-")
	if err != nil {
		return nil, fmt.Errorf("edit: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "payload.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, fmt.Errorf("edit: %w", err)
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.Stdin, e.stderr(), e.stderr() // stdout is for data
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run the editor %s: %w", words[0], err)
	}
	edited, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read what the editor saved: %w", err)
	}
	if len(bytes.TrimSpace(edited)) == 0 {
		return nil, errors.New("the editor saved nothing, so nothing was sent")
	}
	return edited, nil
}
