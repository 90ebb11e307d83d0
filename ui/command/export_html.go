package command

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

var (
	//go:embed export_page.html
	exportHTML string
	//go:embed export_page.css
	exportStyle string

	exportTemplate = template.Must(template.New("export").Parse(exportHTML))
)

// An htmlFile is one page that needs nothing else, as the report of "check" is: it
// loads nothing, runs nothing, and its policy says so. Whatever was sent is text in
// it, with what would hide or rearrange it spelled out.
type htmlFile struct {
	w     *bufio.Writer
	about exportAbout
	shown int
}

func newHTMLFile(w io.Writer, about exportAbout) exportFile {
	return &htmlFile{w: bufio.NewWriterSize(w, 32<<10), about: about}
}

type (
	exportHead struct {
		Policy, Made, Count string
		Style               template.CSS
		Redacted            bool
	}
	exportItem struct {
		ID, Time, Event, About, Verdict, Outcome, Reason, Took string
		Good, Genuine                                          bool
		Facts, Header                                          [][2]string
		Body                                                   string
		Bytes                                                  int64
		Attempts                                               []exportAttempt
	}
	exportAttempt struct {
		N                             int
		Kind, Time, URL, Answer, Took string
		Error, Body                   string
		Good                          bool
		Header                        [][2]string
	}
)

func (f *htmlFile) begin() error {
	sum := sha256.Sum256([]byte(exportStyle))
	return exportTemplate.ExecuteTemplate(f.w, "head", exportHead{
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Style:  template.CSS(exportStyle), Made: exportTime(time.Time(f.about.made)), Count: count(f.about.count, "delivery"), Redacted: f.about.redacted,
	})
}

func (f *htmlFile) add(d store.Delivery) error {
	f.shown++
	return exportTemplate.ExecuteTemplate(f.w, "delivery", newExportItem(d))
}

func (f *htmlFile) end() error {
	if err := exportTemplate.ExecuteTemplate(f.w, "foot", f.shown); err != nil {
		return err
	}
	return f.w.Flush()
}

func newExportItem(d store.Delivery) exportItem {
	item := exportItem{
		ID: d.ID(), Time: exportTime(d.ReceivedAt), Event: sanitize(string(d.Event), shortText), About: sanitize(d.About, shortText),
		Verdict: string(d.Verdict), Genuine: d.Verdict == pictify.Valid, Reason: sanitize(d.Reason, longText), Outcome: string(d.State), Bytes: d.BodySize,
		Body: exportBody(d.Body, d.BodySize), Header: exportFields(d.Header),
	}
	if item.Event == "" {
		item.Event = "unrecognised"
	}
	for _, fact := range [][2]string{
		{"Delivery id", d.DeliveryID}, {"Subscription", d.Subscription}, {"Sender", d.Remote}, {"Signed by", sourceWord(d.Source)}, {"State", string(d.State)},
	} {
		if fact[1] != "" {
			item.Facts = append(item.Facts, [2]string{fact[0], sanitize(fact[1], longText)})
		}
	}
	if d.Arrivals > 1 {
		item.Facts = append(item.Facts, [2]string{"Arrivals", fmt.Sprint(d.Arrivals)})
	}
	for _, a := range d.Attempts {
		one := exportAttempt{N: a.N, Kind: "forwarded", Time: exportTime(a.At), URL: sanitize(a.URL, longText), Answer: "no answer", Took: took(a.Duration),
			Error: sanitize(a.Error, longText), Good: a.OK(), Header: exportFields(a.Header)}
		if a.Kind == store.Replay {
			one.Kind = "replayed"
		}
		if a.Status != 0 {
			one.Answer = strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)))
		}
		if a.BodySize > 0 {
			one.Body = exportBody(a.Body, a.BodySize)
		}
		item.Attempts = append(item.Attempts, one)
		item.Outcome, item.Good, item.Took = one.Answer, one.Good, one.Took
	}
	return item
}

func sourceWord(s store.Source) string {
	if s == store.FromLocal {
		return "the local secret: a test event"
	}
	return "Pictify"
}

func exportFields(list []pictify.Field) [][2]string {
	var pairs [][2]string
	for _, f := range list {
		pairs = append(pairs, [2]string{sanitize(f.Name, shortText), sanitize(f.Value, longText)})
	}
	return pairs
}

// exportBody is a body as "events show" has it, at its own margin.
func exportBody(body []byte, size int64) string {
	if isLeftOut(body, size) {
		return fmt.Sprintf("(%d bytes that are left out: they are no JSON, so nobody can tell what in them is personal)", size)
	}
	lines := bodyText(body, size)
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}
