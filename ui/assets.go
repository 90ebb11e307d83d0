package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var static embed.FS

func embedded() fs.FS {
	sub, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the name is a constant, and valid
	}
	return sub
}

// Types of the files we have. The system's own table is not asked: on Windows
// a registry entry can make scripts "text/plain", which browsers refuse to run.
var assetTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	"":      "text/plain; charset=utf-8", // licences
}

// asset serves a file of the page. The ETag is a hash of what is served, so a
// browser asks each time and is told "not modified": on loopback that costs
// nothing, and a new pictap is never shown with an old page.
func (h *Handler) asset(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	kind, known := assetTypes[path.Ext(name)]
	if !known || !fs.ValidPath(name) {
		return httpError{code: http.StatusNotFound, public: "no such page"}
	}
	data, err := fs.ReadFile(h.opts.Assets, name)
	if err != nil {
		return httpError{code: http.StatusNotFound, public: "no such page", err: err}
	}
	sum := sha256.Sum256(data)
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	return nil
}
