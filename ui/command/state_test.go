package command

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestDefaultStateDir(t *testing.T) {
	tests := []struct {
		name, goos string
		env        map[string]string
		want       string // "" means errNoHome
	}{
		{"Linux", "linux", map[string]string{"HOME": "/h"}, "/h/.local/state/pictap"},
		{"Linux with XDG_STATE_HOME", "linux", map[string]string{"HOME": "/h", "XDG_STATE_HOME": "/x"}, "/x/pictap"},
		{"a relative XDG_STATE_HOME does not count", "linux", map[string]string{"HOME": "/h", "XDG_STATE_HOME": "x"}, "/h/.local/state/pictap"},
		{"Linux without HOME", "linux", map[string]string{"XDG_STATE_HOME": "/x"}, "/x/pictap"},
		{"nothing set", "linux", nil, ""},
		{"macOS", "darwin", map[string]string{"HOME": "/h", "XDG_STATE_HOME": "/x"}, "/h/Library/Application Support/pictap"},
		{"macOS without HOME", "darwin", nil, ""},
		{"Windows", "windows", map[string]string{"LocalAppData": "/l"}, "/l/pictap"},
		{"Windows without it", "windows", map[string]string{"HOME": "/h"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := defaultStateDir(tt.goos, func(name string) string { return tt.env[name] })
			if tt.want == "" {
				if !errors.Is(err, errNoHome) {
					t.Errorf("%q, error %v, want %v", got, err, errNoHome)
				}
				return
			}
			if err != nil || filepath.ToSlash(got) != tt.want {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func open(t *testing.T, dir string) *state {
	t.Helper()
	st, err := openState(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestStateIsStable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	st := open(t, dir)
	id, err := st.installID()
	if err != nil || !installIDForm.MatchString(id) {
		t.Fatalf("install id %q, %v", id, err)
	}
	secret, err := st.secret()
	if err != nil || !secretForm.MatchString(secret.Reveal()) {
		t.Fatalf("secret: %v", err)
	}
	again := open(t, dir)
	if id2, err := again.installID(); err != nil || id2 != id {
		t.Errorf("second run: install id %q, %v, want %q", id2, err, id)
	}
	if secret2, err := again.secret(); err != nil || !secret2.Equal(secret) {
		t.Errorf("second run: another secret, %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("files: %v, %v, want install-id and secret", entries, err)
	}
}

func TestRotateSecret(t *testing.T) {
	st := open(t, t.TempDir())
	before, err := st.secret()
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := st.rotateSecret()
	if err != nil {
		t.Fatal(err)
	}
	after, err := st.secret()
	if err != nil || !after.Equal(rotated) || after.Equal(before) {
		t.Errorf("after rotating: error %v, same as returned %v, same as before %v", err, after.Equal(rotated), after.Equal(before))
	}
	checkFile(t, st.path(secretFile), after.Reveal()+"\n", 0o600)
}

// Many first starts at once must agree.
func TestStateIsCreatedOnce(t *testing.T) {
	dir := t.TempDir()
	const starts = 40
	var ids, secrets [starts]string
	var wg sync.WaitGroup
	for i := range starts {
		wg.Go(func() {
			st, err := openState(dir, rand.Reader)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i], err = st.installID()
			if err != nil {
				t.Error(err)
			}
			secret, err := st.secret()
			if err != nil {
				t.Error(err)
			}
			secrets[i] = secret.Reveal()
		})
	}
	wg.Wait()
	for i := range starts {
		if ids[i] != ids[0] || secrets[i] != secrets[0] || ids[i] == "" {
			t.Fatalf("start %d: id %q, want %q; same secret: %v", i, ids[i], ids[0], secrets[i] == secrets[0])
		}
	}
}

func TestDamagedStateIsNeverOverwritten(t *testing.T) {
	for name, content := range map[string]string{
		"empty":         "",
		"cut":           "whsec_0123",
		"upper case":    "whsec_" + strings.Repeat("A", 64),
		"two lines":     "whsec_" + strings.Repeat("a", 64) + "\nx\n",
		"binary":        "\x00\xff",
		"very long":     strings.Repeat("a", 5000),
		"an install id": strings.Repeat("a", 32),
	} {
		t.Run(name, func(t *testing.T) {
			st := open(t, t.TempDir())
			write(t, st.path(secretFile), content, 0o600)
			if _, err := st.secret(); !errors.Is(err, errDamaged) {
				t.Errorf("secret: error %v, want %v", err, errDamaged)
			}
			if _, err := st.rotateSecret(); !errors.Is(err, errDamaged) {
				t.Errorf("rotate: error %v, want %v", err, errDamaged)
			}
			checkFile(t, st.path(secretFile), content, 0o600)
		})
	}
	t.Run("a directory", func(t *testing.T) {
		st := open(t, t.TempDir())
		if err := os.Mkdir(st.path(installIDFile), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := st.installID(); !errors.Is(err, errDamaged) {
			t.Errorf("error %v, want %v", err, errDamaged)
		}
	})
	t.Run("a link to elsewhere", func(t *testing.T) {
		st := open(t, t.TempDir())
		victim := filepath.Join(t.TempDir(), "victim")
		if err := os.Symlink(victim, st.path(secretFile)); err != nil {
			t.Fatal(err)
		}
		if _, err := st.secret(); !errors.Is(err, errDamaged) {
			t.Errorf("error %v, want %v", err, errDamaged)
		}
		if _, err := os.Stat(victim); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("something was written through the link: %v", err)
		}
	})
}

func TestNoChanceNoSecret(t *testing.T) {
	st, err := openState(t.TempDir(), strings.NewReader("short"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.installID(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("install id: error %v", err)
	}
	if _, err := st.secret(); err == nil {
		t.Error("a secret was made of nothing")
	}
	if entries, _ := os.ReadDir(st.dir); len(entries) != 0 {
		t.Errorf("files were left: %v", entries)
	}
}

func TestStateDirectoryIsNotAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "x", 0o600)
	for _, dir := range []string{path, filepath.Join(path, "below")} {
		if _, err := openState(dir, rand.Reader); err == nil {
			t.Errorf("openState(%q) succeeds", dir)
		}
	}
}
