package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// pdfDate is when every PDF was made: bytes must not depend on the day.
var pdfDate = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// encodePDF writes the pages as vectors and text that can be selected and searched.
func encodePDF(ctx context.Context, w io.Writer, p Picture) error {
	size := fpdf.SizeType{Wd: float64(p.Width), Ht: float64(p.Height)}
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: size})
	doc.SetCatalogSort(true)  // else maps decide the order of objects
	doc.SetCompression(false) // a page is some KiB; a compressor for each would take 1.4 MiB
	doc.SetCreationDate(pdfDate)
	doc.SetModificationDate(pdfDate)
	doc.SetProducer("pictap", false)
	doc.SetTitle(pdfTitle(p), true)
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	for f := range typefaces {
		// A copy: the library writes into it, which would be a race, and other bytes the next time.
		doc.AddUTF8FontFromBytes(face(f).family(), "", bytes.Clone(face(f).ttf()))
	}
	for page := range max(1, len(p.Pages)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		doc.AddPageFormat("P", size)
		(&pdfPage{doc}).draw(compose(p, page))
	}
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	_, err := w.Write(withID(out.Bytes(), p.Seed))
	return err
}

func (f face) family() string { return [...]string{"regular", "bold", "mono"}[f] }

// pdfTitle is what readers show in their window: what can be written in UTF-16 without pairs.
func pdfTitle(p Picture) string {
	title := p.Title
	if title == "" && len(p.Pages) > 0 {
		title = p.Pages[0].Title
	}
	if title == "" {
		title = p.ID
	}
	var b strings.Builder
	for _, w := range regular.words(title) {
		if w.gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		for _, c := range w.clusters {
			for _, r := range c.source {
				if r < 1<<16 {
					b.WriteRune(r)
				}
			}
		}
		if b.Len() > 500 {
			break
		}
	}
	return b.String()
}

// withID adds the two identifiers that readers and archives know a file by. The trailer
// stands behind the table of offsets, so that nothing moves.
func withID(pdf []byte, seed uint64) []byte {
	id := fmt.Sprintf("/ID [<%032x><%032[1]x>]\n", binary.BigEndian.AppendUint64([]byte("pictap-\x00"), seed))
	mark := []byte("trailer\n<<\n")
	at := bytes.LastIndex(pdf, mark) + len(mark)
	return append(append(append(make([]byte, 0, len(pdf)+len(id)), pdf[:at]...), id...), pdf[at:]...)
}

// A pdfPage writes scenes. Its library counts from the top left corner, as they do.
type pdfPage struct{ doc *fpdf.Fpdf }

// pt is exact: lengths are multiples of 1/64.
func pt(length int) float64 { return float64(length) / subpixel }

func (p *pdfPage) draw(s *scene) {
	p.ground(s)
	for _, boxes := range [][]box{s.boxes, s.still(), s.tiles} {
		for _, b := range boxes {
			p.box(b)
		}
	}
	p.alpha(255)
	for _, r := range s.runs {
		p.run(r)
	}
}

func (p *pdfPage) ground(s *scene) {
	from, to := s.ground.from, s.ground.to
	switch {
	case s.ground.clear():
	case from == to:
		p.doc.SetFillColor(int(from.R), int(from.G), int(from.B))
		p.doc.Rect(0, 0, float64(s.w), float64(s.h), "F")
	default:
		p.doc.LinearGradient(0, 0, float64(s.w), float64(s.h),
			int(from.R), int(from.G), int(from.B), int(to.R), int(to.G), int(to.B), 0, 1, 1, 0)
	}
}

// alpha sets the transparency, in steps of 1/1000.
func (p *pdfPage) alpha(a uint8) { p.doc.SetAlpha(float64((int(a)*1000+127)/255)/1000, "Normal") }

func (p *pdfPage) box(b box) {
	p.alpha(b.ink.A)
	p.doc.SetFillColor(int(b.ink.R), int(b.ink.G), int(b.ink.B))
	p.path(b)
	style := "F"
	if b.stroke > 0 {
		p.path(b.inner())
		style = "F*" // even-odd: the inner path is a hole
	}
	p.doc.DrawPath(style)
}

// path draws round corners by curves whose handles are as long as those of a circle, nearly.
func (p *pdfPage) path(b box) {
	r := min(b.radius, (b.x1-b.x0)/2, (b.y1-b.y0)/2)
	h := r - r*5523/10000 // from the corner to the handle
	move := func(x, y int) { p.doc.MoveTo(pt(x), pt(y)) }
	line := func(x, y int) { p.doc.LineTo(pt(x), pt(y)) }
	curve := func(ax, ay, bx, by, x, y int) { p.doc.CurveBezierCubicTo(pt(ax), pt(ay), pt(bx), pt(by), pt(x), pt(y)) }
	move(b.x0+r, b.y0)
	line(b.x1-r, b.y0)
	curve(b.x1-h, b.y0, b.x1, b.y0+h, b.x1, b.y0+r)
	line(b.x1, b.y1-r)
	curve(b.x1, b.y1-h, b.x1-h, b.y1, b.x1-r, b.y1)
	line(b.x0+r, b.y1)
	curve(b.x0+h, b.y1, b.x0, b.y1-h, b.x0, b.y1-r)
	line(b.x0, b.y0+r)
	curve(b.x0, b.y0+h, b.x0+h, b.y0, b.x0+r, b.y0)
	p.doc.ClosePath()
}

func (p *pdfPage) run(r run) {
	var text strings.Builder
	for _, c := range r.clusters {
		text.WriteString(c.text)
	}
	p.doc.SetFont(r.face.family(), "", pt(r.size))
	p.doc.SetTextColor(int(r.ink.R), int(r.ink.G), int(r.ink.B))
	p.doc.Text(pt(r.x), pt(r.y), text.String())
}
