package command

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	oldValue = "whsec_old"
	newValue = "whsec_0123456789abcdef"
)

func TestSetVariable(t *testing.T) {
	tests := []struct {
		name       string
		in, want   string
		duplicates int
	}{
		{"empty file", "", "S=NEW\n", 0},
		{"appended", "A=1\n", "A=1\nS=NEW\n", 0},
		{"appended without a final line end", "A=1", "A=1\nS=NEW\n", 0},
		{"appended with CRLF", "A=1\r\nB=2\r\n", "A=1\r\nB=2\r\nS=NEW\r\n", 0},
		{"appended with CRLF, no final line end", "A=1\r\nB=2", "A=1\r\nB=2\r\nS=NEW\r\n", 0},
		{"replaced in its place", "A=1\nS=OLD\nB=2\n", "A=1\nS=NEW\nB=2\n", 0},
		{"no final line end stays so", "A=1\nS=OLD", "A=1\nS=NEW", 0},
		{"CRLF stays", "S=OLD\r\nB=2\r\n", "S=NEW\r\nB=2\r\n", 0},
		{"was empty", "S=\nB=2\n", "S=NEW\nB=2\n", 0},
		{"was empty, CRLF", "S=\r\n", "S=NEW\r\n", 0},
		{"export", "export S=OLD\n", "export S=NEW\n", 0},
		{"indented, blanks around", "\t S = OLD \n", "\t S = NEW \n", 0},
		{"comment behind", "S=OLD # why\n", "S=NEW # why\n", 0},
		{"a # inside is no comment", "S=a#b\n", "S=NEW\n", 0},
		{"double quotes", "S=\"OLD\" # why\n", "S=\"NEW\" # why\n", 0},
		{"single quotes", "S='a # b'\n", "S='NEW'\n", 0},
		{"backticks", "S=`OLD`\n", "S=NEW\n", 0},
		{"escaped quote inside", `S="a\"b"` + "\nB=2\n", "S=\"NEW\"\nB=2\n", 0},
		{"quote never closed", "S=\"OLD\nB=2\n", "S=\"NEW\"\nB=2\n", 0},
		{"more behind the quotes", "S=\"a\"b'c'\nB=2\n", "S=\"NEW\"\nB=2\n", 0},
		{"more behind a blank", "S=`` x # why\n", "S=NEW # why\n", 0},
		{"empty before a comment", "S= # why\n", "S=NEW # why\n", 0},
		{"a # at once is a value to a shell", "S=#x\n", "S=NEW\n", 0},
		{"several lines in quotes", "S=\"a\nb\"\nB=2\n", "S=\"NEW\"\nB=2\n", 0},
		{"byte-order mark", "\ufeffS=OLD\nB=2\n", "\ufeffS=NEW\nB=2\n", 0},
		{"the last of several", "S=a\nB=2\nS=b\n", "S=a\nB=2\nS=NEW\n", 1},
		{"commented out", "# S=OLD\n#S=OLD\n", "# S=OLD\n#S=OLD\nS=NEW\n", 0},
		{"names that only look alike", "SS=1\nXS=2\nS.S=3\nexportS=4\n", "SS=1\nXS=2\nS.S=3\nexportS=4\nS=NEW\n", 0},
		{"a line inside another's value", "K=\"-----\nS=OLD\n-----\"\n", "K=\"-----\nS=OLD\n-----\"\nS=NEW\n", 0},
		{"apostrophe in an unquoted value", "G=it's\nS=OLD\n", "G=it's\nS=NEW\n", 0},
		{"what is no assignment", "hello\n=1\nS\n S : OLD\n", "hello\n=1\nS\n S : OLD\nS=NEW\n", 0},
		{"the same already", "S=NEW\n", "S=NEW\n", 0},
	}
	fill := strings.NewReplacer("OLD", oldValue, "NEW", newValue)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, duplicates, err := setVariable([]byte(fill.Replace(tt.in)), "S", newValue)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fill.Replace(tt.want), string(got)); diff != "" || duplicates != tt.duplicates {
				t.Errorf("%d duplicates, want %d (-want +got):\n%s", duplicates, tt.duplicates, diff)
			}
		})
	}
}

func TestSetVariableQuotesOddSecrets(t *testing.T) {
	for value, want := range map[string]string{
		"a$b#c d":      "S='a$b#c d'\n",
		`back\slash"`:  "S='back\\slash\"'\n",
		"plain-._:/+=": "S=plain-._:/+=\n",
	} {
		for _, old := range []string{"S=x\n", "S=\"x\"\n", ""} {
			got, _, err := setVariable([]byte(old), "S", value)
			if strings.Contains(old, `"`) && want[2] != '\'' {
				want = strings.Replace(want, value, `"`+value+`"`, 1)
			}
			if err != nil || string(got) != want {
				t.Errorf("%q into %q: %q, %v, want %q", value, old, got, err, want)
			}
			want = strings.ReplaceAll(want, `"`+value+`"`, value)
		}
	}
	if _, _, err := setVariable(nil, "S", "it's"); err == nil {
		t.Error("a quote in the secret was written")
	}
}

func TestSetVariableRefusesOtherFiles(t *testing.T) {
	for name, text := range map[string]string{"NUL bytes": "a\x00b", "UTF-16": "\xff\xfeS\x00=\x00", "Latin-1": "A=\xe4\n"} {
		if out, _, err := setVariable([]byte(text), "S", newValue); err == nil {
			t.Errorf("%s: written as %q", name, out)
		}
	}
}

// FuzzSetVariable: whatever is in the file, one line says the new value
// afterwards, all bytes around the value are as before, and doing it again changes nothing.
func FuzzSetVariable(f *testing.F) {
	for _, seed := range []string{"", "S=1", "A=1\r\nS=\"x\"\r\n", "K='\nS=2\n'\n", "export S = `x` # c\n", "S=\"\\\"", "\ufeffS=#"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, _, err := setVariable(in, "S", newValue)
		if err != nil {
			return
		}
		at := bytes.LastIndex(out, []byte(newValue))
		if at < 0 {
			t.Fatalf("%q -> %q lacks the value", in, out)
		}
		before, after := out[:at], out[at+len(newValue):]
		before, after = bytes.TrimRight(before, `"'`), bytes.TrimLeft(after, `"'`)
		appended := bytes.HasPrefix(out, in)
		if !appended && (!bytes.HasPrefix(in, before) || !bytes.HasSuffix(in, after)) {
			t.Errorf("%q -> %q changes other bytes", in, out)
		}
		again, _, err := setVariable(out, "S", newValue)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("%q -> %q -> %q, %v", in, out, again, err)
		}
		var last string
		for _, a := range assignments(out) {
			if a.name == "S" {
				last = strings.Trim(string(out[a.value.from:a.value.to]), `"'`)
			}
		}
		if last != newValue {
			t.Errorf("%q -> %q is read as %q", in, out, last)
		}
	})
}

func TestParseEnvFile(t *testing.T) {
	tests := []struct{ in, path, variable string }{
		{".env", ".env", envSecret},
		{".env:HOOK_SECRET", ".env", "HOOK_SECRET"},
		{"a:b/.env", "a:b/.env", envSecret},
		{"a:b/.env:X1", "a:b/.env", "X1"},
		{`C:\app\.env:X`, `C:\app\.env`, "X"},
		{`C:\app\.env`, `C:\app\.env`, envSecret},
		{".env:9X", ".env:9X", envSecret},
	}
	for _, tt := range tests {
		got, err := parseEnvFile(tt.in)
		if want := (envFile{tt.path, tt.variable}); err != nil || got != want {
			t.Errorf("parseEnvFile(%q) = %+v, %v, want %+v", tt.in, got, err, want)
		}
	}
	for _, in := range []string{"", ":X"} {
		if _, err := parseEnvFile(in); err == nil {
			t.Errorf("parseEnvFile(%q) names no file, and is accepted", in)
		}
	}
}

func TestEnvFileOnDisk(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ".env")
	f := envFile{path, "S"}

	change, err := f.set(newValue)
	if want := (envChange{created: true, changed: true}); err != nil || change != want {
		t.Fatalf("new file: %+v, %v", change, err)
	}
	checkFile(t, path, "S="+newValue+"\n", 0o600)

	if change, err = f.set(newValue); err != nil || change != (envChange{}) {
		t.Errorf("same value again: %+v, %v", change, err)
	}

	write(t, path, "A=1\nS=a\nS=b\n", 0o640)
	change, err = f.set(newValue)
	if want := (envChange{changed: true, duplicates: 1}); err != nil || change != want {
		t.Errorf("existing file: %+v, %v", change, err)
	}
	checkFile(t, path, "A=1\nS=a\nS="+newValue+"\n", 0o640)

	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left in the directory: %v, %v", entries, err)
	}
}

func TestEnvFileThroughALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, ".env")
	write(t, real, "A=1\n", 0o600)
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if _, err := (envFile{link, "S"}).set(newValue); err != nil {
		t.Fatal(err)
	}
	checkFile(t, real, "A=1\nS="+newValue+"\n", 0o600)
	if to, err := os.Readlink(link); err != nil || to != "real" {
		t.Errorf("the link became %q, %v", to, err)
	}
}

func TestEnvFileRefuses(t *testing.T) {
	dir := t.TempDir()
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	write(t, large, strings.Repeat("#\n", 1<<20), 0o600)
	for name, path := range map[string]string{
		"directory": dir, "dangling link": dangling, "large file": large, "no such directory": filepath.Join(dir, "no", ".env"),
	} {
		if _, err := (envFile{path, "S"}).set(newValue); err == nil || strings.Contains(err.Error(), newValue) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func checkFile(t *testing.T, path, want string, mode os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v, want %q", path, got, err, want)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != mode {
		t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), mode)
	}
}
