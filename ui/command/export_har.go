package command

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A harFile is an HTTP archive: an entry for each attempt to hand a delivery to the
// app, and one with status 0 for a delivery that was not handed on. What has no place
// in HAR 1.2 is in members that begin with "_", as its text wants it.
//
// Source: http://www.softwareishard.com/blog/har-12-spec/.
type harFile struct {
	w     io.Writer
	about exportAbout
	any   bool
}

func newHARFile(w io.Writer, about exportAbout) exportFile { return &harFile{w: w, about: about} }

type (
	harEntry struct {
		Started  string      `json:"startedDateTime"`
		Time     float64     `json:"time"` // ms
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Cache    struct{}    `json:"cache"`
		Timings  harTimings  `json:"timings"`
		Comment  string      `json:"comment,omitempty"`
		Pictap   harPictap   `json:"_pictap"`
	}
	harRequest struct {
		Method      string     `json:"method"`
		URL         string     `json:"url"`
		Version     string     `json:"httpVersion"`
		Cookies     []harPair  `json:"cookies"`
		Headers     []harPair  `json:"headers"`
		Query       []harPair  `json:"queryString"`
		Post        *harPosted `json:"postData,omitempty"`
		HeadersSize int        `json:"headersSize"`
		BodySize    int64      `json:"bodySize"`
	}
	harPosted struct {
		Type     string    `json:"mimeType"`
		Params   []harPair `json:"params"`
		Text     string    `json:"text"`
		Encoding string    `json:"_encoding,omitempty"` // "base64" when it is no text
	}
	harResponse struct {
		Status      int        `json:"status"`
		Text        string     `json:"statusText"`
		Version     string     `json:"httpVersion"`
		Cookies     []harPair  `json:"cookies"`
		Headers     []harPair  `json:"headers"`
		Content     harContent `json:"content"`
		Redirect    string     `json:"redirectURL"`
		HeadersSize int        `json:"headersSize"`
		BodySize    int64      `json:"bodySize"`
		Error       string     `json:"_error,omitempty"`
	}
	harContent struct {
		Size     int64  `json:"size"`
		Type     string `json:"mimeType"`
		Text     string `json:"text,omitempty"`
		Encoding string `json:"encoding,omitempty"`
		Comment  string `json:"comment,omitempty"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harPictap struct {
		ID         string `json:"id"`
		DeliveryID string `json:"deliveryId,omitempty"`
		Verdict    string `json:"verdict"`
		Reason     string `json:"reason,omitempty"`
		State      string `json:"state"`
		Source     string `json:"source"`
		Attempt    int    `json:"attempt"` // 0: it was not handed on
		Kind       string `json:"kind,omitempty"`
	}
)

func (f *harFile) begin() error {
	comment := "exact"
	if f.about.redacted {
		comment = "redacted: ids, addresses and texts are fakes"
	}
	_, err := fmt.Fprintf(f.w, `{"log":{"version":"1.2","creator":{"name":"pictap","version":%q},"comment":%q,"entries":[`, version(), comment)
	return err
}

func (f *harFile) end() error {
	_, err := io.WriteString(f.w, "\n]}}\n")
	return err
}

func (f *harFile) add(d store.Delivery) error {
	if len(d.Attempts) == 0 {
		return f.write(d, store.Attempt{At: d.ReceivedAt, URL: captureTarget})
	}
	for _, a := range d.Attempts {
		if err := f.write(d, a); err != nil {
			return err
		}
	}
	return nil
}

func (f *harFile) write(d store.Delivery, a store.Attempt) error {
	var b bytes.Buffer
	b.WriteString(",\n")
	if !f.any {
		b.Reset()
		b.WriteString("\n")
	}
	f.any = true
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(newHAREntry(d, a)); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line end
	_, err := f.w.Write(b.Bytes())
	return err
}

func newHAREntry(d store.Delivery, a store.Attempt) harEntry {
	took := inMS(a.Duration)
	e := harEntry{
		Started: a.At.UTC().Format("2006-01-02T15:04:05.000Z"), Time: took, Timings: harTimings{Wait: took},
		Request: harRequest{
			Method: "POST", URL: cmp.Or(a.URL, captureTarget), Version: "HTTP/1.1", Cookies: []harPair{}, Headers: harPairs(d.Header), Query: harQuery(a.URL),
			HeadersSize: -1, BodySize: int64(len(d.Body)),
		},
		Response: newHARResponse(a),
		Pictap: harPictap{ID: d.ID(), DeliveryID: d.DeliveryID, Verdict: string(d.Verdict), Reason: d.Reason, State: string(d.State), Source: string(d.Source),
			Attempt: a.N, Kind: a.Kind},
	}
	post := &harPosted{Type: cmp.Or(store.FieldValue(d.Header, "Content-Type"), "application/json"), Params: []harPair{}}
	post.Text, post.Encoding = harText(d.Body)
	e.Request.Post = post
	switch {
	case isLeftOut(d.Body, d.BodySize):
		e.Comment = "the body is left out: it is no JSON, so nobody can tell what in it is personal"
	case int64(len(d.Body)) < d.BodySize:
		e.Comment = fmt.Sprintf("%d of the body's %d bytes are here", len(d.Body), d.BodySize)
	case a.N == 0:
		e.Comment = "it was not handed to an app"
	}
	return e
}

func newHARResponse(a store.Attempt) harResponse {
	r := harResponse{Status: a.Status, Text: http.StatusText(a.Status), Cookies: []harPair{}, Headers: harPairs(a.Header),
		Content: harContent{Size: a.BodySize, Type: store.FieldValue(a.Header, "Content-Type")}, HeadersSize: -1, BodySize: -1, Error: a.Error}
	if a.Status == 0 {
		return r
	}
	r.Version, r.BodySize = "HTTP/1.1", a.BodySize
	r.Redirect = store.FieldValue(a.Header, "Location")
	r.Content.Text, r.Content.Encoding = harText(a.Body)
	if int64(len(a.Body)) < a.BodySize {
		r.Content.Comment = fmt.Sprintf("%d of %d bytes are here", len(a.Body), a.BodySize)
	}
	return r
}

// harText is text as it is, and base64 of anything else.
func harText(body []byte) (text, encoding string) {
	if utf8.Valid(body) {
		return string(body), ""
	}
	return base64.StdEncoding.EncodeToString(body), "base64"
}

func harPairs(list []pictify.Field) []harPair {
	pairs := make([]harPair, len(list))
	for i, f := range list {
		pairs[i] = harPair(f)
	}
	return pairs
}

// harQuery is the query of an address, in its order.
func harQuery(address string) []harPair {
	pairs := []harPair{}
	u, err := url.Parse(address)
	if err != nil {
		return pairs
	}
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		if name == "" {
			continue
		}
		pair := harPair{name, value}
		if text, err := url.QueryUnescape(name); err == nil {
			pair.Name = text
		}
		if text, err := url.QueryUnescape(value); err == nil {
			pair.Value = text
		}
		pairs = append(pairs, pair)
	}
	return pairs
}

// exportTime is a moment as a report has it.
func exportTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
