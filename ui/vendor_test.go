package ui_test

import (
	"bufio"
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"io/fs"
	"os"
	"strings"
	"testing"

	"pictap/ui"
)

// What is vendored is what VERSIONS says, byte for byte, and all of it is there.
func TestVendored(t *testing.T) {
	t.Run("page", func(t *testing.T) { vendored(t, ui.Static(), "static/vendor") })
	t.Run("tests", func(t *testing.T) { vendored(t, os.DirFS("."), "testdata/axe") })
}

func vendored(t *testing.T, root fs.FS, dir string) {
	versions, err := fs.ReadFile(root, dir+"/VERSIONS")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]map[string]string{}
	var entry map[string]string
	for lines := bufio.NewScanner(bytes.NewReader(versions)); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || key == "#" {
			continue
		}
		value = strings.TrimSpace(value)
		if key == "file" {
			entry = map[string]string{}
			known[value] = entry
			continue
		}
		entry[key] = value
	}
	if len(known) == 0 {
		t.Fatal("VERSIONS names no file")
	}
	for file, entry := range known {
		data, err := fs.ReadFile(root, dir+"/"+file)
		if err != nil {
			t.Error(err)
			continue
		}
		sum := sha512.Sum384(data)
		if got := base64.StdEncoding.EncodeToString(sum[:]); got != entry["sha384"] {
			t.Errorf("%s has SHA-384 %s, VERSIONS says %s", file, got, entry["sha384"])
		}
		for _, key := range []string{"name", "version", "origin", "licence"} {
			if entry[key] == "" {
				t.Errorf("VERSIONS does not say the %s of %s", key, file)
			}
		}
	}
	files, err := fs.ReadDir(root, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		switch {
		case f.IsDir():
			t.Errorf("%s is a folder: the go command leaves folders inside a vendor folder out of a module's archive", f.Name())
		case f.Name() == "VERSIONS" || strings.HasPrefix(f.Name(), "LICENSE-"):
		case known[f.Name()] == nil:
			t.Errorf("%s is not in VERSIONS", f.Name())
		}
	}
}
