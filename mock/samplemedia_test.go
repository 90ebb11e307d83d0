package mock_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
)

// Every picture that a made-up event of any seed has is drawn, with the size and format that
// the event claims.
func TestPicturesOfSamples(t *testing.T) {
	c := start(t, &mock.Server{})
	gen := fixtures.New(1, testNow, c.BaseURL+mock.SampleMedia)
	var seen []string
	for range 12 {
		for _, k := range fixtures.Kinds() {
			s, err := gen.Sample(k)
			if err != nil {
				t.Fatal(err)
			}
			var o object
			decodeInto(t, string(s.Body), &o)
			address, format := o.text("data.url"), o.text("data.format")
			if k.Event == pictify.BindingUpdated {
				address, format = o.text("data.imageUrl"), "png"
			}
			if address == "" {
				continue
			}
			want := "image/" + strings.Replace(format, "jpg", "jpeg", 1)
			if format == "pdf" {
				want = "application/pdf"
			}
			status, header, body := ask(t, c, "GET", path(t, c, address), "", http.Header{"Authorization": nil})
			if status != 200 || header.Get("Content-Type") != want {
				t.Fatalf("%s: %d %v %.200s", s.Body, status, header, body)
			}
			seen = append(seen, format)
			if format == "pdf" {
				if box := fmt.Sprintf("/MediaBox [0 0 %v.00 %v.00]", o.at("data.width"), o.at("data.height")); !strings.Contains(body, box) {
					t.Errorf("%s has no %s", address, box)
				}
				continue
			}
			width, height := sizeOf(t, want, body)
			if k.Event == pictify.RenderCompleted && (float64(width) != o.at("data.width") || float64(height) != o.at("data.height")) {
				t.Errorf("%s is %d×%d, and its event %s", address, width, height, s.Body)
			}
		}
	}
	for _, format := range []string{"png", "jpg", "jpeg", "webp", "gif", "pdf"} {
		if !slices.Contains(seen, format) {
			t.Errorf("no event had a %s", format)
		}
	}
}

func TestSamplePathsThatAreNone(t *testing.T) {
	c := start(t, &mock.Server{})
	for _, at := range []string{
		"0x1/renders/a.png", "1x0/renders/a.png", "-1x1/renders/a.png", "+1x1/renders/a.png", "01x1/renders/a.png", "1/renders/a.png", "1x/renders/a.png", "1x1x1/renders/a.png",
		"1000000000x1/renders/a.png", "99999999999999999999x1/renders/a.png", "5000x10/renders/a.png", "3000x10/renders/a.gif", "2x2/renders/a.pdf", "1x1/renders/a.exe", "1x1/renders/a",
		"1x1/renders/..%2fa.png", "1x1/renders/a%2fb.png", "1x1/renders/%00.png", "1x1/renders/.png", "1x1/others/a.png", "1x1/a.png", "1x1/renders/a.png/", "%31x1/../renders/a.png",
	} {
		if status, _, body := ask(t, c, "GET", "/media/samples/"+at, "", nil); status != 404 {
			t.Errorf("GET %s answered %d %.200s, want 404", at, status, body)
		}
	}
}

// The samples of POST …/test have pictures here as well.
func TestTestDeliveryHasAPicture(t *testing.T) {
	c := start(t, &mock.Server{})
	url, arrivals := inbox(t)
	sub := create(t, c, pictify.NewSubscription{Event: pictify.RenderCompleted, TargetURL: url})
	api(t, c, 200, "POST /webhook-subscriptions/"+sub.UID+"/test", "{}")
	at := path(t, c, next(t, arrivals).body.text("data.url"))
	if status, header, _ := ask(t, c, "GET", at, "", nil); status != 200 || !strings.HasPrefix(at, "/media/samples/") {
		t.Errorf("%s answered %d %v", at, status, header)
	}
}
