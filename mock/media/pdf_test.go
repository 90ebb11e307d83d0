package media_test

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pictap/mock/media"
)

// A pdfFile is what a reader finds in a PDF by its table of offsets.
type pdfFile struct {
	pages int
	boxes []string // the sizes of pages
}

// readPDF follows a PDF from its end: startxref, the table, and each object at its offset.
func readPDF(t testing.TB, data []byte) (f pdfFile) {
	t.Helper()
	if !bytes.HasPrefix(data, []byte("%PDF-1.")) || !bytes.HasSuffix(data, []byte("%%EOF\n")) {
		t.Fatalf("not a PDF: %.20q … %q", data, data[max(0, len(data)-20):])
	}
	end := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(data)
	if end == nil {
		t.Fatal("no startxref")
	}
	at, _ := strconv.Atoi(string(end[1]))
	table := regexp.MustCompile(`^xref\n0 (\d+)\n0000000000 65535 f \n((?:\d{10} 00000 n \n)+)trailer\n<<\n/ID \[<[0-9a-f]{32}><[0-9a-f]{32}>\]\n/Size (\d+)\n`).FindSubmatch(data[at:])
	if table == nil {
		t.Fatalf("no table of offsets at %d: %.80q", at, data[at:])
	}
	lines := strings.Split(strings.TrimSuffix(string(table[2]), "\n"), "\n")
	if count, _ := strconv.Atoi(string(table[1])); count != len(lines)+1 || string(table[1]) != string(table[3]) {
		t.Fatalf("%d objects are in the table of %s", len(lines), table[1])
	}
	for i, line := range lines {
		offset, _ := strconv.Atoi(line[:10])
		begin := strconv.Itoa(i+1) + " 0 obj\n"
		rest, whole := bytes.CutPrefix(data[min(offset, at):at], []byte(begin))
		object, _, ended := bytes.Cut(rest, []byte("\nendobj"))
		if !whole || !ended {
			t.Fatalf("no object %d at %d", i+1, offset)
		}
		if bytes.HasPrefix(object, []byte("<</Type /Page\n")) {
			f.pages++
		}
	}
	for _, box := range regexp.MustCompile(`/MediaBox \[([^]]*)\]`).FindAllSubmatch(data, -1) {
		f.boxes = append(f.boxes, string(box[1]))
	}
	return f
}

func TestPDFHasItsPages(t *testing.T) {
	for _, size := range []struct {
		w, h, pages int
		box         string
	}{
		{595, 842, 0, "0 0 595.00 842.00"},
		{842, 595, 3, "0 0 842.00 595.00"},
		{3, 3, 1, "0 0 3.00 3.00"},
		{14400, 14400, 2, "0 0 14400.00 14400.00"},
		{612, 792, media.MaxPages, "0 0 612.00 792.00"},
	} {
		p := card(media.PDF, size.w, size.h)
		for range size.pages {
			p.Pages = append(p.Pages, media.Page{Title: "A page", Lines: page})
		}
		f := readPDF(t, encode(t, p))
		if f.pages != max(1, size.pages) {
			t.Errorf("%d pages, want %d", f.pages, size.pages)
		}
		if len(f.boxes) == 0 {
			t.Error("no MediaBox")
		}
		for _, box := range f.boxes {
			if box != size.box {
				t.Errorf("page of %s, want %s", box, size.box)
			}
		}
	}
}

func TestPDFTellsWhatItIs(t *testing.T) {
	p := card(media.PDF, 595, 842)
	a := encode(t, p)
	for _, want := range []string{"/Producer (pictap)", "/CreationDate (D:20260101000000)", "/Title (\xfe\xff\x00W\x00e\x00l\x00c\x00o\x00m\x00e\x00 \x00C\x00a\x00r\x00d)"} {
		if !bytes.Contains(a, []byte(want)) {
			t.Errorf("no %q", want)
		}
	}
	id := regexp.MustCompile(`/ID \[<[0-9a-f]{32}>`)
	p.Seed++
	if b := encode(t, p); bytes.Equal(id.Find(a), id.Find(b)) {
		t.Error("two seeds, one id")
	}
}
