package command

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"slices"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// A capturedFile is a file to be written, and what the manifest says of it.
type capturedFile struct {
	fixtures.ManifestEntry

	id      string          // "d17"
	fields  []pictify.Field // of a request
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

// captureTarget is where requests go that are captured: the guide's path. The one that
// they came by has a token in it.
const captureTarget = "http://localhost:" + defaultPort + defaultPath

// requestFields are the fields of a request that have a value, given as names and values.
func requestFields(list ...string) []pictify.Field {
	var fields []pictify.Field
	for i := 0; i < len(list); i += 2 {
		if list[i+1] != "" {
			fields = append(fields, pictify.Field{Name: list[i], Value: list[i+1]})
		}
	}
	return fields
}

// finish gives the files their contents, and returns the manifest.
func finish(files []capturedFile, asRequest, isRedacted bool) []byte {
	for i := range files {
		f := &files[i]
		f.content = f.body
		if asRequest {
			f.Name = f.Name[:len(f.Name)-len(filepath.Ext(f.Name))] + ".http"
			f.content = fixtures.HTTPText(captureTarget, pictify.Message{Header: f.fields, Body: f.body})
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

// writeAll writes the files, and nothing at all if one of them must not be written.
func writeAll(dir string, force bool, files []capturedFile, manifest []byte) error {
	folder, err := fixtures.OpenFolder(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	folder.Force, folder.Mode = force, 0o600
	for _, f := range append(slices.Clip(files), capturedFile{ManifestEntry: fixtures.ManifestEntry{Name: fixtures.ManifestName}}) {
		if err := folder.Check(f.Name); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := folder.Write(f.Name, f.content); err != nil {
			return err
		}
	}
	return folder.Write(fixtures.ManifestName, manifest)
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
		p.note("%s  %s  %s", pad(sanitize(what.Path, shortText), width), pad(what.Kind, 5), count(what.Values, "value"))
	}
	for _, f := range files {
		if p.json {
			f.Event, f.DeliveryID = pictify.EventType(clip(string(f.Event), shortText)), clip(f.DeliveryID, shortText)
			p.emit(fileLine{p.head("file"), f})
			continue
		}
		p.data(sanitize(filepath.Join(dir, f.Name), 0))
	}
	p.note("%s and %s in %s", count(len(files), "file"), fixtures.ManifestName, sanitize(dir, longText))
}
