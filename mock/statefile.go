package mock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ErrStateTaken is matched by the error for a state file that somebody else has
// written meanwhile, such as another mock.
var ErrStateTaken = errors.New("was written by somebody else meanwhile")

const (
	saveAfter    = 200 * time.Millisecond // a change is on disk so much later
	maxStateFile = 256 << 20
)

// keeping is how the state is kept in a file. Server.mu guards path, dirty and timer.
type keeping struct {
	path  string // "" when it is not kept
	dirty bool
	timer *time.Timer

	mu     sync.Mutex // guards all below, and is taken before Server.mu
	last   fs.FileInfo
	err    error // of the last save
	closed bool
}

// KeepState restores the state from a file, if it is there, and keeps it there from
// then on: a change is written within a fraction of a second, and the last ones when
// the Server is closed. The file is replaced whole, so that a crash leaves either
// the old or the new one, and is open to its owner alone.
//
// A file that is no state, or a newer one, is an error, and stays as it is. Call it
// before the first request.
func (s *Server) KeepState(path string) error {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	text, info, err := readStateFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read state: %w", err)
	default:
		if err := s.Restore(text); err != nil {
			return fmt.Errorf("read state %s: %w", path, err)
		}
	}
	s.mu.Lock()
	s.kept.path, s.kept.last = path, info
	s.mu.Unlock()
	s.save()
	s.kept.mu.Lock() // what came back may have been saved again by now
	defer s.kept.mu.Unlock()
	return s.kept.err
}

func readStateFile(path string) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxStateFile {
		return nil, nil, fmt.Errorf("%s is %w", path, ErrStateCorrupt)
	}
	text, err := os.ReadFile(path)
	return text, info, err
}

// touched notes that a request may have changed something.
func (s *Server) touched(method string) {
	if method == "GET" || method == "HEAD" || s.kept.path == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch()
}

// touch has the state saved soon. s.mu must be held.
func (s *Server) touch() {
	if s.kept.path != "" && !s.kept.dirty {
		s.kept.dirty = true
		s.kept.timer = time.AfterFunc(saveAfter, s.save)
	}
}

// save writes the state. What goes wrong is in kept.err, and in the log.
func (s *Server) save() {
	k := &s.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return
	}
	s.mu.Lock()
	k.dirty = false
	snap := s.snapshot()
	s.mu.Unlock()
	text, err := snap.encode()
	if err == nil {
		err = k.write(text)
	}
	if err != nil {
		s.log().Error("state not saved", "error", err)
	}
	k.err = err
}

// write replaces the file, unless it is not the one that was read or written last.
func (k *keeping) write(text []byte) error {
	switch info, err := os.Lstat(k.path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("save state: %w", err)
	case k.last == nil || !os.SameFile(info, k.last) || !info.ModTime().Equal(k.last.ModTime()) || info.Size() != k.last.Size():
		return fmt.Errorf("save state: %s %w", k.path, ErrStateTaken)
	}
	temp := filepath.Join(filepath.Dir(k.path), "."+filepath.Base(k.path)+".new")
	os.Remove(temp) // what a crash left; a link that somebody put there is not followed either
	info, err := writeWhole(temp, text)
	if err == nil {
		err = os.Rename(temp, k.path)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("save state: %w", err)
	}
	k.last = info
	if dir, err := os.Open(filepath.Dir(k.path)); err == nil {
		dir.Sync() // not every system can; the file itself is safe
		dir.Close()
	}
	return nil
}

// writeWhole makes a new file and writes it durably.
func writeWhole(path string, text []byte) (info fs.FileInfo, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		info, err = f.Stat()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return info, err
}

// closeState saves for the last time.
func (s *Server) closeState() error {
	s.mu.Lock()
	if s.kept.timer != nil {
		s.kept.timer.Stop()
	}
	kept := s.kept.path != ""
	s.mu.Unlock()
	if kept {
		s.save()
	}
	s.kept.mu.Lock()
	defer s.kept.mu.Unlock()
	s.kept.closed = true
	return s.kept.err
}
