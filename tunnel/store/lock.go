package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// A Holder is the process that listens with a state directory.
type Holder struct {
	PID       int       `json:"pid"`
	Started   time.Time `json:"started"`
	Inspector string    `json:"inspector,omitempty"`  // without its code
	PublicURL string    `json:"public_url,omitempty"` // "" until there is one
	ForwardTo string    `json:"forward_to,omitempty"` // the app
}

// A HeldError says that another process listens with this state directory.
type HeldError struct{ Holder Holder }

func (e *HeldError) Error() string {
	if e.Holder.PID == 0 {
		return "another pictap listens with this state directory"
	}
	return fmt.Sprintf("another pictap listens with this state directory (process %d, since %s)",
		e.Holder.PID, e.Holder.Started.Format(time.DateTime))
}

// A Lock makes one process the only one that listens with a state directory.
// The kernel drops it when the process dies, however it dies.
type Lock struct {
	file *flock.Flock
	note string // the file that says who holds it; the lock file itself cannot be read while locked on Windows
}

// lockPatience is how long TakeLock insists: [Listening] holds the lock for a
// moment when it looks.
const lockPatience = 300 * time.Millisecond

// TakeLock takes the lock of the state directory dir, or returns a *[HeldError]
// after a moment.
func TakeLock(dir string) (*Lock, error) {
	path := filepath.Join(dir, "listen.lock")
	l := &Lock{file: flock.New(path, flock.SetPermissions(0o600)), note: filepath.Join(dir, "listen.json")}
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	ok, err := l.file.TryLock() // once in any case, however long the machine sleeps here
	if err == nil && !ok {
		ok, err = l.file.TryLockContext(ctx, 20*time.Millisecond)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		h, _ := readHolder(l.note) // without it the error says less
		return nil, &HeldError{h}
	}
	os.Remove(l.note) // a killed process may have left it; where that fails, only an error's words are wrong
	return l, nil
}

// Announce writes who holds the lock, for other processes to read.
func (l *Lock) Announce(h Holder) error {
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	tmp := l.note + ".tmp" // only the holder of the lock writes it
	if err := os.WriteFile(tmp, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	if err := os.Rename(tmp, l.note); err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	return nil
}

// Release gives the lock back.
func (l *Lock) Release() error {
	return errors.Join(ignoreMissing(os.Remove(l.note)), l.file.Close())
}

// Listening returns the process that listens with the state directory dir; ok
// is false when there is none.
func Listening(dir string) (h Holder, ok bool, err error) {
	if _, err := os.Stat(filepath.Join(dir, "listen.lock")); errors.Is(err, fs.ErrNotExist) {
		return h, false, nil
	}
	file := flock.New(filepath.Join(dir, "listen.lock"), flock.SetPermissions(0o600))
	free, err := file.TryRLock()
	if err != nil {
		return h, false, fmt.Errorf("look at lock: %w", err)
	}
	if free { // then what a killed process left in the note is not true
		return h, false, file.Close()
	}
	h, err = readHolder(filepath.Join(dir, "listen.json"))
	if errors.Is(err, fs.ErrNotExist) { // it has not come that far
		err = nil
	}
	return h, true, err
}

func readHolder(path string) (h Holder, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(text, &h)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
