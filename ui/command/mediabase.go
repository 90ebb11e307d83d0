package command

import (
	"net/url"

	"github.com/urfave/cli/v2"

	"pictap/mock"
)

// mediaBase is the value of --media-base, checked; "" when it is not given. Of the word
// mock it is where the running mock draws pictures of made-up events.
func (e Env) mediaBase(c *cli.Context) (string, error) {
	text := c.String("media-base")
	switch text {
	case "":
		return "", nil
	case "mock":
		note, err := e.findMock(c)
		if err == nil {
			err = note.alive(c.Context)
		}
		return note.URL + mock.SampleMedia, err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", usagef("--media-base %q is not a URL such as https://cdn.example.com", sanitize(text, 120)).withHint("or mock; {size} in it stands for the size of the picture, as 1200x630")
	}
	return text, nil
}

// picturesOfMock is the media base of a mock that runs, "" when none does. It is for events
// of which nobody asked where their pictures are: that the mock cannot be found is no error.
func (e Env) picturesOfMock(c *cli.Context) string {
	note, err := e.findMock(c)
	if err != nil || note.alive(c.Context) != nil {
		return ""
	}
	return note.URL + mock.SampleMedia
}
