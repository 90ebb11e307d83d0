//go:build unix

package command_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// How long it takes until "pictap mock" is ready, beside the shortest of pictap's commands
// and a Go program that does nothing, which is what a start costs anyway:
//
//	go test -run '^$' -bench Start -benchtime 30x ./ui/command
//
// The binary is stripped, as a released one is. What is told is the least of all runs, for
// other work on the machine can only add to it; CPU time is of the whole run, end included.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	idle, stripped := filepath.Join(dir, "idle"), filepath.Join(dir, "pictap")
	source := filepath.Join(dir, "idle.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() { println() }\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	for bin, of := range map[string]string{idle: source, stripped: "pictap"} {
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, of)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	for _, tt := range []struct{ name, command string }{
		{"program that does nothing", idle}, {"pictap version", stripped + " version"}, {"pictap mock", stripped + " mock --port 0 --output json"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			var ready, cpu []time.Duration
			for b.Loop() {
				r, c := startOnce(b, strings.Fields(tt.command), dir)
				ready, cpu = append(ready, r), append(cpu, c)
			}
			b.ReportMetric(float64(slices.Min(ready).Microseconds())/1000, "ms-until-ready")
			b.ReportMetric(float64(slices.Min(cpu).Microseconds())/1000, "ms-cpu")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// startOnce starts a command, waits for its first line, and has it end.
func startOnce(b *testing.B, args []string, dir string) (ready, cpu time.Duration) {
	b.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"PICTAP_STATE_DIR=" + filepath.Join(dir, "state")}
	r, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	cmd.Stdout, cmd.Stderr = w, w
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	w.Close()
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil {
		b.Errorf("%v after %q", err, line)
	}
	ready = time.Since(begin)
	if slices.Contains(args, "mock") { // the others end by themselves
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			b.Error(err)
		}
	}
	if err := cmd.Wait(); err != nil {
		b.Error(err)
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return ready, time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
