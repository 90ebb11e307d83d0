package picture

import (
	"bytes"
	"compress/zlib"
	"io"
	"math"
	"regexp"
	"strconv"
)

// A PDF is read without its cross-reference table: the objects that are pages say so
// in words. In newer files they stand in compressed streams, which are unpacked up
// to a bound. Of an encrypted file nothing is found out.
const (
	maxObjects  = 8 << 20 // bytes that are looked at outside of streams
	maxUnpacked = 2 << 20 // bytes of all object streams
	maxStreams  = 2000    // object streams that are unpacked
	maxSide     = 1e7     // points; a page of 3.5 km
)

var (
	pdfPage     = regexp.MustCompile(`/Type\s*/Page[^\w]`)
	pdfPages    = regexp.MustCompile(`/Type\s*/Pages[^\w]`)
	pdfCount    = regexp.MustCompile(`/Count\s+(\d{1,9})`)
	pdfMediaBox = regexp.MustCompile(`/MediaBox\s*\[\s*([-+.\d]{1,20})\s+([-+.\d]{1,20})\s+([-+.\d]{1,20})\s+([-+.\d]{1,20})\s*\]`)
	pdfPacked   = regexp.MustCompile(`/Type\s*/ObjStm`)
)

func readPDF(b []byte) Facts {
	f := Facts{Type: PDF}
	text := pdfObjects(b)
	if pdfPages.Match(text) { // else counts are of something else, such as outlines
		for object := range bytes.SplitSeq(text, []byte("endobj")) {
			if m := pdfCount.FindSubmatch(object); m != nil && pdfPages.Match(object) {
				n, _ := strconv.Atoi(string(m[1])) // nine digits always fit
				f.Pages = max(f.Pages, min(n, maxCount))
			}
		}
	}
	if f.Pages == 0 {
		for rest := text; f.Pages < maxCount; f.Pages++ {
			at := pdfPage.FindIndex(rest)
			if at == nil {
				break
			}
			rest = rest[at[1]:]
		}
	}
	if m := pdfMediaBox.FindSubmatch(text); m != nil {
		f.box(m[1:])
	}
	if !bytes.Contains(b[max(0, len(b)-64<<10):], []byte("%%EOF")) {
		f.Damage = endsEarly
	}
	return f
}

// box notes the size of a page from two opposite corners.
func (f *Facts) box(corners [][]byte) {
	var at [4]float64
	for i, text := range corners {
		n, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			return
		}
		at[i] = n
	}
	width, height := math.Round(math.Abs(at[2]-at[0])), math.Round(math.Abs(at[3]-at[1]))
	if width >= 1 && height >= 1 && width <= maxSide && height <= maxSide {
		f.Width, f.Height = int(width), int(height)
	}
}

// pdfObjects is what stands outside of streams, and, each with an end of its own,
// what stands in streams of objects.
func pdfObjects(b []byte) []byte {
	var text, packed bytes.Buffer
	streams := 0
	for text.Len() < maxObjects {
		i := bytes.Index(b, []byte("stream"))
		if i < 0 {
			i = len(b)
		}
		head := b[:i]
		text.Write(head[:min(len(head), maxObjects-text.Len())])
		if i == len(b) {
			break
		}
		b = bytes.TrimLeft(b[i+len("stream"):], "\r\n")
		end := bytes.Index(b, []byte("endstream"))
		if end < 0 {
			break
		}
		dictionary := head[max(0, bytes.LastIndex(head, []byte(" obj"))):]
		if streams < maxStreams && len(dictionary) < 4096 && pdfPacked.Match(dictionary) {
			streams++
			packed.Write(bytes.ReplaceAll(unpack(b[:end], maxUnpacked-packed.Len()), []byte(">>"), []byte(">> endobj ")))
		}
		b = b[end+len("endstream"):]
	}
	text.Write(packed.Bytes())
	return text.Bytes()
}

// unpack is the beginning of what was deflated, as far as it can be read.
func unpack(b []byte, most int) []byte {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(r, int64(max(0, most)))) // what came before an error counts
	return text
}
