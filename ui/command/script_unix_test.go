//go:build unix

package command_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The first interrupt asks the command to end; the second one does not ask. A
// command that reads a pipe without a writer cannot be asked.
func TestSecondInterruptLeavesAtOnce(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	cmd := exec.CommandContext(t.Context(), pictap(t), "secret", "show", "--secret-file", pipe)
	cmd.Stdout, cmd.Stderr = &stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(pipe, os.O_WRONLY, 0) // returns when pictap has opened the other end
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()

	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	again := time.NewTicker(50 * time.Millisecond) // two signals in one moment may arrive as one
	defer again.Stop()
	deadline := time.After(patience)
	for {
		select {
		case <-again.C:
			_ = cmd.Process.Signal(os.Interrupt) // it may have ended just now
		case <-ended:
			if code := cmd.ProcessState.ExitCode(); code != 130 || stdout.Len() > 0 {
				t.Errorf("exit %d, stdout %q, want 130 and nothing", code, &stdout)
			}
			return
		case <-deadline:
			_ = cmd.Process.Kill()
			t.Fatal("still running 10 s after the first interrupt")
		}
	}
}
