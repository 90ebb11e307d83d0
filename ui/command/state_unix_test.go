//go:build unix

package command

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"pictap/tunnel/store"
)

// The umask is the process's, so this test must not run beside others that
// make files; no test of this package is parallel.
func TestStateIsClosedToOthersWhateverTheUmask(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077, 0o777} {
		parent := t.TempDir()
		old := syscall.Umask(umask)
		dir := filepath.Join(parent, "state")
		st, err := openState(dir, rand.Reader)
		if err == nil {
			_, err = st.installID()
		}
		if err == nil {
			_, err = st.secret()
		}
		if err == nil {
			_, err = st.rotateSecret()
		}
		syscall.Umask(old)
		if err != nil {
			t.Fatalf("umask %04o: %v", umask, err)
		}
		checkMode(t, dir, 0o700)
		checkMode(t, st.path(installIDFile), 0o600)
		checkMode(t, st.path(secretFile), 0o600)
	}
}

func TestOpenStateDirectories(t *testing.T) {
	tests := []struct {
		name    string
		mode    fs.FileMode
		content string // a file in it
		ok      bool
	}{
		{"empty and open to all", 0o777, "", true},
		{"ours and open to all", 0o777, installIDFile, true},
		{"ours by its database", 0o755, store.FileName, true},
		{"a project", 0o755, "package.json", false},
		{"a closed project", 0o700, "package.json", true},
		{"like /tmp", 0o777 | fs.ModeSticky, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.content != "" {
				write(t, filepath.Join(dir, tt.content), "x", 0o600)
			}
			if err := os.Chmod(dir, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := openState(dir, rand.Reader)
			if (err == nil) != tt.ok {
				t.Fatalf("error %v, want ok %v", err, tt.ok)
			}
			want := fs.FileMode(0o700)
			if !tt.ok {
				want = tt.mode.Perm()
			}
			checkMode(t, dir, want)
		})
	}
}

func TestOpenStateThroughALink(t *testing.T) {
	parent := t.TempDir()
	real, link := filepath.Join(parent, "real"), filepath.Join(parent, "link")
	if err := os.Mkdir(real, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if _, err := openState(link, rand.Reader); err != nil {
		t.Fatal(err)
	}
	checkMode(t, real, 0o700)
}

func TestCheckOwner(t *testing.T) {
	me := uint32(os.Geteuid())
	tests := []struct {
		name string
		uid  uint32
		mode fs.FileMode
		ok   bool
	}{
		{"our directory", me, fs.ModeDir | 0o700, true},
		{"our link", me, fs.ModeSymlink, true},
		{"root's link", 0, fs.ModeSymlink, true},
		{"another's directory", me + 1, fs.ModeDir | 0o777, false},
		{"another's link", me + 1, fs.ModeSymlink, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkOwner(ownedFile{uid: tt.uid, mode: tt.mode})
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, errForeign) {
				t.Errorf("error %v, want ok %v", err, tt.ok)
			}
		})
	}
}

// ownedFile is a file of a user who need not exist.
type ownedFile struct {
	fs.FileInfo
	uid  uint32
	mode fs.FileMode
}

func (f ownedFile) Mode() fs.FileMode { return f.mode }
func (f ownedFile) Sys() any          { return &syscall.Stat_t{Uid: f.uid} }

func checkMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != want {
		t.Errorf("%s has mode %04o, want %04o", filepath.Base(path), info.Mode().Perm(), want)
	}
}
