//go:build unix

package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "golang.org/x/image/webp"
)

// A claim is what the payload of a finished render says of its picture.
type claim struct {
	Event string
	Data  struct {
		Type, URL, Format, ImageURL string
		Width, Height               int
	}
}

var mediaBox = regexp.MustCompile(`/MediaBox \[0 0 ([0-9]+)\.00 ([0-9]+)\.00\]`)

// holds gets the picture and compares it with what is claimed.
func (c claim) holds(t *testing.T) {
	t.Helper()
	resp, err := http.Get(c.Data.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("GET %s: %d %.300s, %v", c.Data.URL, resp.StatusCode, body, err)
	}
	var width, height int
	format := "pdf"
	switch c.Data.Type {
	case "pdf":
		if m := mediaBox.FindSubmatch(body); m != nil && bytes.HasPrefix(body, []byte("%PDF-")) {
			fmt.Sscan(string(m[1]), &width)
			fmt.Sscan(string(m[2]), &height)
		}
	case "gif":
		all, err := gif.DecodeAll(bytes.NewReader(body))
		if err != nil || len(all.Image) < 2 {
			t.Fatalf("%s is no moving GIF: %v", c.Data.URL, err)
		}
		width, height, format = all.Config.Width, all.Config.Height, "gif"
	default:
		var picture image.Image
		if picture, format, err = image.Decode(bytes.NewReader(body)); err != nil {
			t.Fatalf("%s: %v", c.Data.URL, err)
		}
		width, height = picture.Bounds().Dx(), picture.Bounds().Dy()
	}
	if claimed := strings.Replace(c.Data.Format, "jpg", "jpeg", 1); format != claimed || width != c.Data.Width || height != c.Data.Height {
		t.Errorf("%s is a %s of %d×%d, but is said to be %+v", c.Data.URL, format, width, height, c.Data)
	}
}

// What trigger, fixtures and the page make up has pictures at the mock that runs, as the
// payload claims them.
func TestFakeEventsHavePictures(t *testing.T) {
	claims := make(chan claim, 100)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c claim
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			t.Error(err)
		}
		claims <- c
	}))
	defer app.Close()
	dir := t.TempDir()
	env := []string{"PICTAP_STATE_DIR=" + filepath.Join(dir, "state"), "PICTAP_UI_ADDR=127.0.0.1:0", "PICTAP_RECEIVER_ADDR=127.0.0.1:0"}
	m := start(t, env, "listen", "--mock", app.URL+"/webhooks/pictify")
	ready := m.nextType("ready")
	base := ready.str("base_url") + "/"

	for _, typ := range []string{"image", "gif", "pdf"} {
		const n = 8 // enough for each format of an image
		if _, err := run(t, env, "trigger", "render.completed", "--type", typ, "-n", fmt.Sprint(n), app.URL); err != nil {
			t.Fatal(err)
		}
		for range n {
			c := <-claims
			if !strings.HasPrefix(c.Data.URL, base) || c.Data.Type != typ {
				t.Fatalf("claimed %+v, want a %s below %s", c, typ, base)
			}
			c.holds(t)
		}
	}

	// The page's test event goes through the receiver to the app.
	inspector, code, _ := strings.Cut(ready.str("inspector"), "#code=")
	token := post(t, inspector+"api/session", "", `{"code":"`+code+`"}`)["token"]
	post(t, inspector+"api/trigger", fmt.Sprint(token), `{"event":"render.completed"}`)
	c := <-claims
	if !strings.HasPrefix(c.Data.URL, base) {
		t.Errorf("the page's event claims %+v", c)
	}
	c.holds(t)

	// Fixtures keep their bytes unless they are told; of the mock they are when they are told.
	plain, told := filepath.Join(dir, "plain"), filepath.Join(dir, "told")
	for out, flag := range map[string]string{plain: "--strict=false", told: "--media-base=mock"} {
		if _, err := run(t, env, "fixtures", "gen", flag, "--out", out); err != nil {
			t.Fatal(err)
		}
	}
	for _, typ := range []string{"image", "gif", "pdf"} {
		for out, begin := range map[string]string{plain: "https://media.pictify.io/renders/", told: base} {
			text, err := os.ReadFile(filepath.Join(out, "render.completed-"+typ+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var c claim
			if err := json.Unmarshal(text, &c); err != nil || !strings.HasPrefix(c.Data.URL, begin) {
				t.Errorf("%s claims %+v, %v, want it below %s", out, c, err, begin)
			}
			if out == told {
				c.holds(t)
			}
		}
	}

	// A seed is the same events wherever; so is asking for another place.
	for _, flags := range [][]string{{"--seed", "7"}, {"--media-base", "https://media.pictify.io"}} {
		if _, err := run(t, env, append([]string{"trigger", "render.completed", app.URL}, flags...)...); err != nil {
			t.Fatal(err)
		}
		if c := <-claims; !strings.HasPrefix(c.Data.URL, "https://media.pictify.io/renders/") {
			t.Errorf("with %s: %+v", flags, c)
		}
	}
	m.interrupt()
	if _, err := run(t, env, "trigger", "render.completed", app.URL); err != nil {
		t.Error(err)
	}
	if c := <-claims; !strings.HasPrefix(c.Data.URL, "https://media.pictify.io/renders/") {
		t.Errorf("without a mock: %+v", c)
	}
	if _, err := run(t, env, "trigger", "render.completed", "--media-base", "mock", app.URL); err == nil || !strings.Contains(err.Error(), "no mock is running") {
		t.Errorf("--media-base mock without one: %v", err)
	}
}

// post calls the page's API and returns the object that it answers with.
func post(t *testing.T, address, token, body string) (answer map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", "http://"+u.Host)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("POST %s: %d %s, %v", address, resp.StatusCode, text, err)
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	return answer
}
