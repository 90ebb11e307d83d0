//go:build ignore

// Fetch refreshes static/vendor and testdata/axe from the npm registry:
//
//	cd ui && go run fetch.go
//
// It writes what VERSIONS in each of them names, and refuses what has another
// hash. To take a new version, change version and origin there, run it, read
// the diff of what the new hash stands for, and write that hash down.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	for _, dir := range []string{"static/vendor", "testdata/axe"} {
		entries, err := readVersions(filepath.Join(dir, "VERSIONS"))
		if err != nil {
			log.Fatal(err)
		}
		for _, e := range entries {
			if err := refresh(dir, e); err != nil {
				log.Fatalf("refresh %s: %v", e["file"], err)
			}
			log.Printf("%s is %s %s", e["file"], e["name"], e["version"])
		}
	}
}

// readVersions returns the entries of VERSIONS, each a map of its lines.
func readVersions(name string) ([]map[string]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var entries []map[string]string
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || key == "#" {
			continue
		}
		if key == "file" {
			entries = append(entries, map[string]string{})
		}
		if len(entries) > 0 {
			entries[len(entries)-1][key] = strings.TrimSpace(value)
		}
	}
	return entries, nil
}

// refresh writes one file into dir.
func refresh(dir string, e map[string]string) error {
	archive, member, _ := strings.Cut(e["origin"], " ")
	data, err := fetch(archive, member)
	if err != nil {
		return err
	}
	sum := sha512.Sum384(data)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != e["sha384"] {
		return fmt.Errorf("%s has SHA-384 %s, VERSIONS says %s", e["origin"], got, e["sha384"])
	}
	return os.WriteFile(filepath.Join(dir, filepath.Base(e["file"])), data, 0o644)
}

// fetch returns one file of a .tgz on the web.
func fetch(archive, member string) ([]byte, error) {
	res, err := http.Get(archive)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", archive, res.Status)
	}
	unzipped, err := gzip.NewReader(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("find %s in %s: %w", member, archive, err)
		}
		if header.Name == member {
			return io.ReadAll(io.LimitReader(files, 16<<20))
		}
	}
}
