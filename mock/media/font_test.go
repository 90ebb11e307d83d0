package media_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

// The fonts in the binary are Go's own, byte for byte.
func TestFonts(t *testing.T) {
	for name, want := range map[string][]byte{"Go-Regular": goregular.TTF, "Go-Bold": gobold.TTF, "Go-Mono": gomono.TTF} {
		path := "fonts/" + name + ".ttf.gz"
		if *update {
			if err := os.WriteFile(path, pack(t, want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s has %d bytes in it, not the %d of the font: %v", path, len(got), len(want), err)
		}
	}
}

func pack(t *testing.T, ttf []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(ttf); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
