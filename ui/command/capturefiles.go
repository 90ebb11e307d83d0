package command

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// A capturedFile is a file to be written, and what the manifest says of it.
type capturedFile struct {
	Name       string `json:"name"`
	Event      string `json:"event"`
	DeliveryID string `json:"delivery_id"`
	Bytes      int    `json:"bytes"`
	SHA256     string `json:"sha256"`

	id      string // "d17"
	head    []byte // of a request
	body    []byte
	content []byte
}

// fileLine and replacedLine are lines of JSON.
type fileLine struct {
	lineHead
	capturedFile
}

type replacedLine struct {
	lineHead
	Path   string `json:"path"`
	Kind   string `json:"kind"`
	Values int    `json:"values"`
}

// fileName is of our own making: nothing that was sent becomes part of it.
func fileName(t pictify.EventType, id, ending string) string {
	if !slices.Contains(pictify.EventTypes(), t) {
		t = "event"
	}
	return string(t) + "-" + id + "." + ending
}

// requestHead writes the beginning of a request, with the fields that have a value.
func requestHead(method, path string, fields ...string) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\n", method, path)
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] != "" {
			b = fmt.Appendf(b, "%s: %s\n", fields[i], fields[i+1])
		}
	}
	return append(b, '\n')
}

// finish gives the files their contents, and returns the manifest.
func finish(files []capturedFile, asRequest, isRedacted bool) []byte {
	for i := range files {
		f := &files[i]
		f.content = f.body
		if asRequest {
			f.Name = f.Name[:len(f.Name)-len(filepath.Ext(f.Name))] + ".http"
			f.content = slices.Concat(f.head, f.body)
		}
		sum := sha256.Sum256(f.content)
		f.Bytes, f.SHA256 = len(f.content), hex.EncodeToString(sum[:])
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(struct { // strings and numbers always encode
		Manifest int            `json:"manifest"`
		Captured bool           `json:"captured"`
		Redacted bool           `json:"redacted"`
		Files    []capturedFile `json:"files"`
	}{1, true, isRedacted, files})
	return b.Bytes()
}

const manifestName = "manifest.json"

// writeAll writes the files, and nothing at all if one of them must not be written.
func writeAll(dir string, force bool, files []capturedFile, manifest []byte) error {
	folder, err := fixtures.OpenFolder(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	folder.Force, folder.Mode = force, 0o600
	for _, f := range append(slices.Clip(files), capturedFile{Name: manifestName}) {
		if err := folder.Check(f.Name); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := folder.Write(f.Name, f.content); err != nil {
			return err
		}
	}
	return folder.Write(manifestName, manifest)
}

func tellCaptured(p *printer, dir string, files []capturedFile, replaced []fixtures.Replacement) {
	width := 0
	for _, what := range replaced {
		width = max(width, min(len(what.Path), 60))
	}
	for _, what := range replaced {
		if p.json {
			p.emit(replacedLine{p.head("replaced"), clip(what.Path, shortText), what.Kind, what.Values})
			continue
		}
		p.note("%s  %s  %s", pad(sanitize(what.Path, shortText), width), pad(what.Kind, 5), numbered(what.Values, "value"))
	}
	for _, f := range files {
		if p.json {
			f.Event, f.DeliveryID = clip(f.Event, shortText), clip(f.DeliveryID, shortText)
			p.emit(fileLine{p.head("file"), f})
			continue
		}
		p.data(sanitize(filepath.Join(dir, f.Name), 0))
	}
	p.note("%s and %s in %s", numbered(len(files), "file"), manifestName, sanitize(dir, longText))
}

// numbered is "1 value" or "3 values".
func numbered(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
