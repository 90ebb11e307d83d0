package command

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"unicode/utf8"
)

// An envFile is a file such as .env in which one variable holds the local
// secret, so that an app under development finds it where it finds all its settings.
type envFile struct {
	path     string
	variable string
}

var variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseEnvFile reads "FILE" or "FILE:VAR". What follows the last colon is a
// variable if it has the form of one; a drive's letter in front is none.
func parseEnvFile(text string) (envFile, error) {
	f := envFile{path: text, variable: envSecret}
	if i := strings.LastIndexByte(text, ':'); i >= 0 && variableForm.MatchString(text[i+1:]) {
		if drive := i == 1 && runtime.GOOS == "windows"; !drive {
			f = envFile{text[:i], text[i+1:]}
		}
	}
	if f.path == "" {
		return f, usagef("--env-file %q names no file", sanitize(text, 80)).withHint("write --env-file .env or --env-file .env:VARIABLE")
	}
	return f, nil
}

// An envChange says what writing an env file did.
type envChange struct {
	created, changed bool
	duplicates       int // lines further up that set the variable too, and lose
}

// set makes the file say variable=value and leaves every other byte as it is. If
// several lines set the variable the last one is changed, for that is the one
// that dotenv libraries, shells and docker heed. A file that says so already is not touched,
// so that nothing that watches it restarts.
//
// The file is replaced in one step, with its mode and owner; a new one is closed to
// others. A symbolic link stays one: the file that it leads to is replaced.
func (f envFile) set(value string) (envChange, error) {
	change, err := f.replace(value)
	if err != nil {
		return envChange{}, fmt.Errorf("set %s in %s: %w", f.variable, f.path, err)
	}
	return change, nil
}

func (f envFile) replace(value string) (envChange, error) {
	path, err := filepath.EvalSymlinks(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return f.create(value)
	}
	if err != nil {
		return envChange{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return envChange{}, err
	}
	if !info.Mode().IsRegular() {
		return envChange{}, errors.New("not a regular file")
	}
	const limit = 1 << 20
	if info.Size() > limit {
		return envChange{}, fmt.Errorf("larger than %d bytes, surely not an env file", limit)
	}
	old, err := os.ReadFile(path)
	if err != nil {
		return envChange{}, err
	}
	text, duplicates, err := setVariable(old, f.variable, value)
	if err != nil || bytes.Equal(old, text) {
		return envChange{duplicates: duplicates}, err
	}
	temp, err := writeTemp(filepath.Dir(path), info.Mode().Perm(), text)
	if err != nil {
		return envChange{}, err
	}
	defer os.Remove(temp)
	if err := keepOwner(temp, info); err != nil {
		return envChange{}, fmt.Errorf("keep its owner: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return envChange{}, err
	}
	return envChange{changed: true, duplicates: duplicates}, nil
}

func (f envFile) create(value string) (envChange, error) {
	if _, err := os.Lstat(f.path); err == nil {
		return envChange{}, errors.New("a symbolic link that leads nowhere")
	}
	text, _, err := setVariable(nil, f.variable, value)
	if err != nil {
		return envChange{}, err
	}
	out, err := os.OpenFile(f.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return envChange{}, err
	}
	_, err = out.Write(text)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return envChange{created: true, changed: true}, err
}

// setVariable returns text with variable set to value in its last assignment,
// or in a new line at the end, and how many assignments before it lose.
func setVariable(text []byte, variable, value string) (out []byte, duplicates int, err error) {
	if bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text) {
		return nil, 0, errors.New("not a text in UTF-8")
	}
	var found []span
	for _, a := range assignments(text) {
		if a.name == variable {
			found = append(found, a.value)
		}
	}
	if len(found) > 0 {
		last := found[len(found)-1]
		word, err := envWord(value, text[last.from:last.to])
		if err != nil {
			return nil, 0, err
		}
		out = append(out, text[:last.from]...)
		out = append(out, word...)
		return append(out, text[last.to:]...), len(found) - 1, nil
	}
	word, err := envWord(value, nil)
	if err != nil {
		return nil, 0, err
	}
	eol := "\n"
	if i := bytes.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		eol = "\r\n"
	}
	out = append(out, text...)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		out = append(out, eol...)
	}
	return append(out, variable+"="+word+eol...), 0, nil
}

// envWord writes value so that shells and dotenv libraries read it back. It
// keeps the quotes of the value that it replaces, where it can.
func envWord(value string, old []byte) (string, error) {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:/+@%="
	if strings.Trim(value, plain) == "" {
		if len(old) > 1 && (old[0] == '"' || old[0] == '\'') {
			return string(old[0]) + value + string(old[0]), nil
		}
		return value, nil
	}
	if strings.ContainsAny(value, "'\r\n") {
		return "", errors.New("the secret has a quote or a line end in it, which env files cannot hold alike everywhere")
	}
	return "'" + value + "'", nil
}
