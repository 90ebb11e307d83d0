package command

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/pictify"
)

// Files in the state directory beside the database. Each is one line of text.
const (
	installIDFile = "install-id"
	secretFile    = "secret"
)

var (
	errForeign = errors.New("belongs to another user")
	errNoHome  = errors.New("no home directory is known")
	errDamaged = errors.New("is damaged")
)

// A state is the directory where pictap keeps what outlives a run. What is in
// its small files is created once: two processes that start at the same moment
// agree on it.
type state struct {
	dir    string
	random io.Reader
}

// state opens the state directory that the flags and the environment choose,
// and makes it if it is missing.
func (e Env) state(c *cli.Context) (*state, error) {
	dir := c.String("state-dir")
	if dir == "" {
		var err error
		if dir, err = defaultStateDir(runtime.GOOS, e.getenv); err != nil {
			return nil, err
		}
	}
	return openState(dir, e.random())
}

// defaultStateDir is where a system keeps a program's state for one user. It
// does not ask os.UserConfigDir, which is for what a user edits and copies to his next machine.
func defaultStateDir(goos string, getenv func(string) string) (string, error) {
	if goos == "windows" {
		if local := getenv("LocalAppData"); local != "" {
			return filepath.Join(local, "pictap"), nil
		}
		return "", fmt.Errorf("choose state directory: %w: %%LocalAppData%% is not set", errNoHome)
	}
	// The XDG specification wants a relative path ignored.
	if xdg := getenv("XDG_STATE_HOME"); goos != "darwin" && filepath.IsAbs(xdg) {
		return filepath.Join(xdg, "pictap"), nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", fmt.Errorf("choose state directory: %w: $HOME is not set", errNoHome)
	}
	if goos == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "pictap"), nil
	}
	return filepath.Join(home, ".local", "state", "pictap"), nil
}

// openState makes dir, open to its owner alone whatever the umask, or checks
// that it is so.
//
// A directory that others may enter is closed to them if it is empty or has been
// ours before. Otherwise it is refused: somebody may have named his home or his
// project, and taking /tmp away from everybody else would be worse than stopping.
func openState(dir string, random io.Reader) (*state, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make state directory: %w", err)
	}
	for _, look := range []func(string) (fs.FileInfo, error){os.Lstat, os.Stat} { // the link, and where it leads
		info, err := look(dir)
		if err != nil {
			return nil, fmt.Errorf("state directory: %w", err)
		}
		if err := checkOwner(info); err != nil {
			return nil, fmt.Errorf("state directory %s %w", dir, err)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if err := closeToOthers(dir, info); err != nil {
				return nil, err
			}
		}
	}
	return &state{dir: dir, random: random}, nil
}

func closeToOthers(dir string, info fs.FileInfo) error {
	ownerLacks := info.Mode().Perm()&0o700 != 0o700 // a umask such as 0777 took it away
	if !othersMay(info) && !ownerLacks {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !ownerLacks {
		return fmt.Errorf("read state directory: %w", err)
	}
	foreign := len(entries) > 0 && !slices.ContainsFunc(entries, isOurs)
	if foreign || info.Mode()&fs.ModeSticky != 0 {
		err := fmt.Errorf("state directory %s holds other things and is open to others (mode %04o)", dir, info.Mode().Perm())
		return withHint(err, "choose an empty directory, or close this one: chmod 700 %s", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("close state directory to others: %w", err)
	}
	return nil
}

// isOurs recognises what pictap makes in its state directory, files that
// another process is making at this moment included.
func isOurs(entry fs.DirEntry) bool {
	name := entry.Name()
	return name == installIDFile || name == secretFile ||
		strings.HasPrefix(name, "pictap.") || strings.HasPrefix(name, ".pictap-")
}

// path is where the file called name is, such as the database's.
func (s *state) path(name string) string { return filepath.Join(s.dir, name) }

var (
	installIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	secretForm    = regexp.MustCompile(`^whsec_[0-9a-f]{64}$`)
)

// installID is the mark in the target URL of every subscription that this
// installation ever makes, 128 random bits in lower-case hex. Nothing without it is ours to touch.
func (s *state) installID() (string, error) {
	return s.once(installIDFile, installIDForm, func() (string, error) {
		var id [16]byte
		if _, err := io.ReadFull(s.random, id[:]); err != nil {
			return "", err
		}
		return hex.EncodeToString(id[:]), nil
	})
}

// secret is the stable local secret: the app's one PICTIFY_WEBHOOK_SECRET, run after run.
func (s *state) secret() (pictify.Secret, error) {
	text, err := s.once(secretFile, secretForm, func() (string, error) {
		secret, err := pictify.GenerateSecret(s.random)
		return secret.Reveal(), err
	})
	return pictify.NewSecret(text), err
}

// rotateSecret replaces the local secret by a new one, at once or not at all.
func (s *state) rotateSecret() (pictify.Secret, error) {
	if _, err := s.secret(); err != nil { // a damaged file is not overwritten
		return pictify.Secret{}, err
	}
	secret, err := pictify.GenerateSecret(s.random)
	if err != nil {
		return pictify.Secret{}, fmt.Errorf("make secret: %w", err)
	}
	temp, err := s.writeTemp(secret.Reveal())
	if err != nil {
		return pictify.Secret{}, err
	}
	defer os.Remove(temp)
	if err := os.Rename(temp, s.path(secretFile)); err != nil {
		return pictify.Secret{}, fmt.Errorf("replace secret: %w", err)
	}
	return secret, syncDir(s.dir)
}

// once returns the line in the file called name. If there is no such file, it is made
// with what create returns, in one step that only one of several
// processes can win: a finished file gets its name by a hard link, which fails if the name is taken.
func (s *state) once(name string, form *regexp.Regexp, create func() (string, error)) (string, error) {
	text, err := s.read(name, form)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if text, err = create(); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	temp, err := s.writeTemp(text)
	if err != nil {
		return "", err
	}
	defer os.Remove(temp)
	if err := os.Link(temp, s.path(name)); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	if err := syncDir(s.dir); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	return s.read(name, form) // the winner's, who may not be us
}

// read returns the line in the file called name, after closing it to others.
func (s *state) read(name string, form *regexp.Regexp) (string, error) {
	path := s.path(name)
	info, err := os.Lstat(path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if !info.Mode().IsRegular() || info.Size() > 1024 {
		return "", fmt.Errorf("%s %w: not a small file", path, errDamaged)
	}
	if err := checkOwner(info); err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	if othersMay(info) {
		if err := os.Chmod(path, 0o600); err != nil {
			return "", fmt.Errorf("close %s to others: %w", name, err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	text := strings.TrimRight(string(raw), "\r\n")
	if !form.MatchString(text) {
		return "", fmt.Errorf("%s %w: its content is not what pictap writes there", path, errDamaged)
	}
	return text, nil
}

// writeTemp writes text and a line end to a new file beside the others.
func (s *state) writeTemp(text string) (path string, err error) {
	return writeTemp(s.dir, 0o600, []byte(text+"\n"))
}

// writeTemp writes data durably to a new file in dir, under a name of its own,
// and returns its path. The umask takes nothing away from mode.
func writeTemp(dir string, mode fs.FileMode, data []byte) (path string, err error) {
	f, err := os.CreateTemp(dir, ".pictap-*.tmp") // O_EXCL, 0600
	if err != nil {
		return "", fmt.Errorf("make temporary file: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(f.Name())
		return "", fmt.Errorf("write temporary file: %w", err)
	}
	return f.Name(), nil
}
