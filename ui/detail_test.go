package ui_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock/media"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

type signatureJSON struct {
	Fields             int
	Header, Problem, T string
	At                 string
	Age                *int64
	V1                 []string
	Elements           [][2]string
	Signed             string
	SignedBytes        int64 `json:"signed_bytes"`
	Secret             string
	Matched            bool
}

func TestSignatureIsTakenApart(t *testing.T) {
	st := openStore(t)
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	arrival := time.Unix(1769682607, 0)
	seconds := func(n int64) *int64 { return &n }
	for name, tt := range map[string]struct {
		headers []string
		verdict pictify.Verdict
		source  store.Source
		body    string
		want    signatureJSON
	}{
		"valid": {[]string{"t=1769682600,v1=00ff"}, pictify.Valid, store.FromPictify, `{"event":"x"}`, signatureJSON{
			Fields: 1, Header: "t=1769682600,v1=00ff", T: "1769682600", At: "2026-01-29T10:30:00.000Z", Age: seconds(7), V1: []string{"00ff"},
			Signed: `1769682600.{"event":"x"}`, SignedBytes: 24, Secret: "subscription", Matched: true}},
		"local, stale, from the future": {[]string{"t=1769683607,v1=00,v1=01,v0=x"}, pictify.Stale, store.FromLocal, "{}", signatureJSON{
			Fields: 1, Header: "t=1769683607,v1=00,v1=01,v0=x", T: "1769683607", At: "2026-01-29T10:46:47.000Z", Age: seconds(-1000), V1: []string{"00", "01"},
			Elements: [][2]string{{"t", "1769683607"}, {"v1", "00"}, {"v1", "01"}, {"v0", "x"}}, Signed: "1769683607.{}", SignedBytes: 13, Secret: "local", Matched: true}},
		"mismatch": {[]string{"t=999999999999999,v1=00"}, pictify.Mismatch, store.FromPictify, "\xff", signatureJSON{
			Fields: 1, Header: "t=999999999999999,v1=00", T: "999999999999999", Age: seconds(1769682607 - 999999999999999), V1: []string{"00"},
			Signed: "999999999999999.\uFFFD", SignedBytes: 17, Secret: "subscription"}},
		"malformed": {[]string{"sha256=00=,t=x,nothing"}, pictify.Malformed, store.FromPictify, "{}", signatureJSON{
			Fields: 1, Header: "sha256=00=,t=x,nothing", Problem: "an element is not name=value", V1: []string{},
			Elements: [][2]string{{"sha256", "00="}, {"t", "x"}, {"", "nothing"}}}},
		"unsigned":       {nil, pictify.Unsigned, store.FromPictify, "{}", signatureJSON{V1: []string{}}},
		"several":        {[]string{"t=1,v1=00", "t=2,v1=00"}, pictify.Malformed, store.FromPictify, "{}", signatureJSON{Fields: 2, Header: "t=1,v1=00", T: "1", At: "1970-01-01T00:00:01.000Z", Age: seconds(1769682606), V1: []string{"00"}, Signed: "1.{}", SignedBytes: 4}},
		"unknown secret": {[]string{"t=1,v1=00"}, pictify.UnknownSecret, store.FromPictify, "{}", signatureJSON{Fields: 1, Header: "t=1,v1=00", T: "1", At: "1970-01-01T00:00:01.000Z", Age: seconds(1769682606), V1: []string{"00"}, Signed: "1.{}", SignedBytes: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			d := sample(0)
			d.ReceivedAt, d.Verdict, d.Source, d.Body, d.BodySize, d.Proof, d.DeliveryID = arrival, tt.verdict, tt.source, []byte(tt.body), int64(len(tt.body)), []byte(fmt.Sprintf("%16.16s", name)), name
			d.Header = d.Header[:2]
			for _, value := range tt.headers {
				d.Header = append(d.Header, store.Field{Name: "x-pictify-SIGNATURE", Value: value})
			}
			d = record(t, st, d, 0)
			var got struct{ Signature signatureJSON }
			s.do("GET", "/api/deliveries/"+d.ID(), token, "").into(t, &got)
			if diff := cmp.Diff(tt.want, got.Signature); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A header of any length makes a small answer.
func TestLongSignature(t *testing.T) {
	st := openStore(t)
	s := serve(t, ui.Options{Store: st})
	d := sample(0)
	d.Header = []store.Field{{Name: "X-Pictify-Signature", Value: strings.Repeat("t=1,v1=é,"+strings.Repeat("x", 500), 100)}}
	d.Verdict, d.Body, d.BodySize = pictify.Malformed, []byte("{}"), 2
	d = record(t, st, d, 0)
	var got struct{ Signature json.RawMessage }
	s.do("GET", "/api/deliveries/"+d.ID(), s.login(), "").into(t, &got)
	if n := len(got.Signature); n > 8<<10 {
		t.Errorf("%d bytes", n)
	}
}

func TestProductionAndSiblings(t *testing.T) {
	st := openStore(t)
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	var got struct {
		Production *struct {
			Attempt, Made, Of int
			Failing           string
			Next              []int64
			GivesUp           bool `json:"gives_up"`
		}
		Siblings []struct {
			ID, Verdict string
			Status      int
		}
		MoreSiblings bool `json:"more_siblings"`
	}
	ask := func(d store.Delivery) {
		t.Helper()
		got.Production, got.Siblings, got.MoreSiblings = nil, nil, false
		s.do("GET", "/api/deliveries/"+d.ID(), token, "").into(t, &got)
	}
	waiting := record(t, st, sample(0), 0)
	if ask(waiting); got.Production != nil || got.Siblings != nil {
		t.Errorf("of a delivery that nobody has had: %+v", got)
	}
	failed := record(t, st, sample(1), 500)
	if ask(failed); got.Production == nil || got.Production.Failing != "no-success" || got.Production.Made != 1 || got.Production.Of != 6 || len(got.Production.Next) != 5 || got.Production.Next[0] != 60 {
		t.Errorf("of a failure: %+v", got.Production)
	}
	record(t, st, sample(1), 0) // the same to the letter
	if ask(failed); got.Production.Made != 2 || len(got.Production.Next) != 4 || got.Production.Next[0] != 300 {
		t.Errorf("of a failure at the second attempt: %+v", got.Production)
	}
	answer(t, st, failed, store.Attempt{Kind: store.Replay, Status: 204})
	if ask(failed); got.Production.Failing != "" || got.Production.Attempt != 2 {
		t.Errorf("after a replay: %+v", got.Production)
	}
	unverified := sample(2)
	unverified.Verdict = pictify.Mismatch
	if ask(record(t, st, unverified, 500)); got.Production != nil {
		t.Errorf("of what did not verify: %+v", got.Production)
	}

	for n := range 22 {
		d := sample(600 + 6*n)
		d.DeliveryID = "del_same"
		if n == 21 {
			d.Verdict, d.State, d.Proof = pictify.Mismatch, store.Kept, nil
			st.RecordUnverified(d)
			break
		}
		waiting = record(t, st, d, 200)
	}
	changed := st.Changed()
	for list := []store.Delivery(nil); len(list) == 0 || list[0].Verdict != pictify.Mismatch; {
		var err error
		if list, err = st.List(t.Context(), store.Query{Limit: 1}); err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 && list[0].Verdict == pictify.Mismatch {
			break
		}
		<-changed
		changed = st.Changed()
	}
	if ask(waiting); len(got.Siblings) != 20 || !got.MoreSiblings || got.Siblings[0].Verdict != "mismatch" || got.Siblings[1].Status != 200 || got.Siblings[1].ID == waiting.ID() {
		t.Errorf("%d siblings, more %v: %+v", len(got.Siblings), got.MoreSiblings, got.Siblings)
	}
}

func TestPicturesIn(t *testing.T) {
	many := strings.Repeat(`{"url":"https://cdn.pictify.io/a.png"},`, 100)
	for name, tt := range map[string]struct {
		body string
		want [][2]string
	}{
		"render": {`{"event":"render.completed","data":{"url":"https://a.test/x","userStorageUrl":"https://b.test/y.png","width":1,"variables":{"avatar":"https://c.test/z.png","url":"https://c.test/z"}}}`,
			[][2]string{{"data.url", "https://a.test/x"}, {"data.userStorageUrl", "https://b.test/y.png"}}},
		"binding":       {`{"data":{"imageUrl":"http://a.test/x","previousData":{"url":"https://a.test"},"newData":{"url":"https://a.test"}}}`, [][2]string{{"data.imageUrl", "http://a.test/x"}}},
		"batch":         {`{"data":{"results":[{"url":"https://a.test/0"},{"error":"x"},{"url":"https://a.test/2"}],"urls":["https://a.test/a.PDF?x=1","https://a.test/page"]}}`, [][2]string{{"data.results.0.url", "https://a.test/0"}, {"data.results.2.url", "https://a.test/2"}, {"data.urls.0", "https://a.test/a.PDF?x=1"}}},
		"repeated":      {`{"data":{"url":"https://a.test/1","url":"https://a.test/2"}}`, [][2]string{{"data.url", "https://a.test/2"}}},
		"escaped":       {`{"data":{"url":"https:\/\/a.test\/\u0031"}}`, [][2]string{{"data.url", "https://a.test/1"}}},
		"no addresses":  {`{"data":{"url":5,"imageUrl":"javascript:alert(1)","renderUrl":"//a.test/x","pdfUrl":"file:///etc/passwd"}}`, nil},
		"odd names":     {`{"data":{"a.b":{"url":"https://a.test/x"},"":{"url":"https://a.test/x"}}}`, nil},
		"too deep":      {`{"data":{"a":{"b":{"c":{"d":{"url":"https://a.test/x"}}}}}}`, nil},
		"not an object": {`["https://a.test/x.png"]`, nil},
		"not JSON":      {`{"data":{"url":"https://a.test/x"}`, nil},
		"data is text":  {`{"data":"https://a.test/x.png"}`, nil},
	} {
		if diff := cmp.Diff(tt.want, ui.PicturesIn([]byte(tt.body))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	if n := len(ui.PicturesIn([]byte(`{"data":{"results":[` + many + `{}]}}`))); n != 60 {
		t.Errorf("%d pictures of 100", n)
	}
}

func FuzzPicturesIn(f *testing.F) {
	for n := range 6 {
		f.Add(sample(n).Body)
	}
	f.Add([]byte(`{"data":{"results":[{"url":"https://a.test/0"}],"data":[[["https://a.test/x.png"]]]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, p := range ui.PicturesIn(body) {
			if !strings.HasPrefix(p[0], "data.") || !strings.HasPrefix(p[1], "http") || len(p[1]) > 2048 {
				t.Errorf("%q", p)
			}
		}
	})
}

// gallery is where pictures come from in tests: the last part of the address says what.
type gallery struct {
	mu    sync.Mutex
	asked []string
}

func (g *gallery) get(t *testing.T) func(context.Context, string) ([]byte, error) {
	return func(_ context.Context, address string) ([]byte, error) {
		u, err := url.Parse(address)
		if err != nil {
			t.Error(err)
		}
		g.mu.Lock()
		g.asked = append(g.asked, address)
		g.mu.Unlock()
		name := filepath.Base(u.Path)
		if b := pictureBytes(t, name); b != nil {
			return b, nil
		}
		if name == "blocked" {
			return nil, &ui.MediaError{Refused: true, Words: "evil.test is not a host of Pictify's <img src=x onerror=window.__pwn=1>"}
		}
		return nil, &ui.MediaError{Words: "a.test answered 404 Not Found"}
	}
}

func (g *gallery) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.asked)
}

// pictureBytes makes the bytes that a name stands for, nil for none.
func pictureBytes(t testing.TB, name string) []byte {
	draw := func(f media.Format, w, h int) []byte {
		var b bytes.Buffer
		p := media.Picture{Format: f, Width: w, Height: h, Title: "Shipping is a feature", Seed: uint64(len(name)), Background: map[bool]string{true: "transparent"}[strings.HasPrefix(name, "clear")]}
		if err := p.Encode(t.Context(), &b); err != nil {
			t.Error(err)
		}
		return b.Bytes()
	}
	switch name {
	case "good.png", "clear.png":
		return draw(media.PNG, 1200, 630)
	case "small.png":
		return draw(media.PNG, 600, 315)
	case "moving.gif":
		return draw(media.GIF, 320, 180)
	case "page.webp":
		return draw(media.WebP, 300, 200)
	case "page.pdf":
		return draw(media.PDF, 595, 842)
	case "svg.png":
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="window.__pwn=1"><script>window.__pwn=1</script></svg>`)
	case "html.png":
		return []byte(`<!doctype html><script>window.__pwn=1</script>`)
	case "bomb.png":
		return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x06\x00\x00\x00\x00\x00\x00\x00")
	case "broken.png":
		return draw(media.PNG, 1200, 630)[:60]
	case "polyglot.gif":
		return []byte("GIF89a/*<script>window.__pwn=1</script>*/=1;window.__pwn=1")
	}
	return nil
}

// withPicture is a delivery that names a picture.
func withPicture(n int, name string) store.Delivery {
	d := sample(6 * n)
	d.Body = []byte(strings.ReplaceAll(string(d.Body), fmt.Sprintf("https://cdn.pictify.io/renders/%04d.png", 6*n), "https://cdn.pictify.io/renders/"+name))
	d.BodySize = int64(len(d.Body))
	return d
}

func TestMediaRoutes(t *testing.T) {
	st := openStore(t)
	var g gallery
	s := serve(t, ui.Options{Store: st, Media: g.get(t)})
	token := s.login()
	type factsJSON struct {
		Type           string
		Bytes          int
		Width, Height  int
		Frames, Pages  int
		Damage, Hidden string
		Claims         []struct {
			What, Claimed, Real string
			OK                  bool
		}
	}
	names := []string{"good.png", "small.png", "moving.gif", "page.webp", "page.pdf", "svg.png", "html.png", "bomb.png", "broken.png", "polyglot.gif", "none.png", "blocked"}
	want := map[string]string{
		"good.png":     `200 png 1200×630 1/0 "" "" size=true format=true type=true ending=true; 200 image/png`,
		"small.png":    `200 png 600×315 1/0 "" "" size=false format=true type=true ending=true; 200 image/png`,
		"moving.gif":   `200 gif 320×180 24/0 "" "" size=false format=false type=false ending=true; 200 image/gif`,
		"page.webp":    `200 webp 300×200 1/0 "" "" size=false format=false type=true ending=true; 200 image/webp`,
		"page.pdf":     `200 pdf 595×842 0/1 "" "" size=false format=false type=false ending=true; 200 application/pdf`,
		"svg.png":      `200 svg 0×0 0/0 "" "this is no picture that may be shown" size=false format=false type=false ending=false; 422 application/json`,
		"html.png":     `200 html 0×0 0/0 "" "this is no picture that may be shown" size=false format=false type=false ending=false; 422 application/json`,
		"bomb.png":     `200 png 65535×65535 1/0 "it ends too early" "it has more pixels than a browser should be asked to decode" size=false format=true type=true ending=true; 422 application/json`,
		"broken.png":   `200 png 1200×630 1/0 "it ends too early" "" size=true format=true type=true ending=true; 200 image/png`,
		"polyglot.gif": `200 gif 10799×29500 0/0 "it has a block of a kind that does not exist" "it has more pixels than a browser should be asked to decode" size=false format=false type=false ending=true; 422 application/json`,
		"none.png":     `424; 424 application/json`,
		"blocked":      `403; 403 application/json`,
	}
	for n, name := range names {
		d := record(t, st, withPicture(n, name), 0)
		path := "/api/deliveries/" + d.ID() + "/media"
		res := s.do("GET", path+"?field=data.url", token, "")
		got := fmt.Sprint(res.status)
		if res.status == 200 {
			var f factsJSON
			res.into(t, &f)
			got += fmt.Sprintf(" %s %d×%d %d/%d %q %q", f.Type, f.Width, f.Height, f.Frames, f.Pages, f.Damage, f.Hidden)
			for _, c := range f.Claims {
				got += fmt.Sprintf(" %s=%v", c.What, c.OK)
			}
		}
		before := g.count()
		raw := s.do("GET", path+"/bytes?field=data.url", token, "")
		got += fmt.Sprintf("; %d %s", raw.status, raw.header.Get("Content-Type"))
		if got != want[name] {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want[name])
		}
		if raw.status == 200 {
			if g.count() != before {
				t.Errorf("%s was fetched again", name)
			}
			if !bytes.Equal(raw.body, pictureBytes(t, name)) || !strings.HasPrefix(raw.header.Get("Content-Security-Policy"), "sandbox;") {
				t.Errorf("%s: %d bytes, %v", name, len(raw.body), raw.header)
			}
		}
	}
	asked := g.count()
	for _, path := range []string{"d1/media", "d1/media?field=", "d1/media?field=data.width", "d1/media?field=data.variables.title", "d1/media?field=https://evil.test/x.png", "d1/media/bytes?field=data.nothing", "d99/media?field=data.url"} {
		if res := s.do("GET", "/api/deliveries/"+path, token, ""); res.status != 404 {
			t.Errorf("%s = %d %s", path, res.status, res.body)
		}
	}
	if g.count() != asked {
		t.Errorf("asked for %q", g.asked[asked:])
	}
}

// Pictures are fetched one at a time, and one who has left does not hold up the next.
func TestMediaTakesTurns(t *testing.T) {
	st := openStore(t)
	d := record(t, st, withPicture(0, "good.png"), 0)
	var mu sync.Mutex
	under, most := 0, 0
	begun, goOn := make(chan struct{}, 10), make(chan struct{})
	s := serve(t, ui.Options{Store: st, Media: func(ctx context.Context, _ string) ([]byte, error) {
		mu.Lock()
		under++
		most = max(most, under)
		mu.Unlock()
		begun <- struct{}{}
		<-goOn
		mu.Lock()
		under--
		mu.Unlock()
		return []byte("x"), ctx.Err()
	}})
	token := s.login()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { s.do("GET", "/api/deliveries/"+d.ID()+"/media?field=data.url", token, "") })
	}
	<-begun
	close(goOn)
	wg.Wait()
	if most != 1 {
		t.Errorf("%d at once", most)
	}
}

// openedAt opens the page on a delivery.
func openedAt(t *testing.T, s *server, id string) *tab {
	t.Helper()
	p := newTab(t)
	p.open(s.LaunchURL() + "&open=" + id)
	p.wait(live + fmt.Sprintf(` && document.querySelector(".detail[aria-label='Delivery %s'] .fields")`, id))
	return p
}
