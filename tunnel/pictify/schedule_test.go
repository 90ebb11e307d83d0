package pictify_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
)

func TestExpect(t *testing.T) {
	all := []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 24 * time.Hour}
	for name, tt := range map[string]struct {
		made, status int
		took         time.Duration
		want         pictify.Outlook
	}{
		"content":                {1, 200, time.Second, pictify.Outlook{}},
		"any 2xx":                {3, 204, 30 * time.Second, pictify.Outlook{}},
		"2xx, too late":          {1, 200, 30*time.Second + 1, pictify.Outlook{Failing: pictify.TooSlow, Next: all}},
		"no answer":              {1, 0, time.Millisecond, pictify.Outlook{Failing: pictify.NoAnswer, Next: all}},
		"no answer in time":      {1, 0, time.Minute, pictify.Outlook{Failing: pictify.TooSlow, Next: all}},
		"a redirect":             {1, 302, 0, pictify.Outlook{Failing: pictify.Redirects, Next: all}},
		"refused":                {1, 401, 0, pictify.Outlook{Failing: pictify.NoSuccess, Next: all}},
		"less than a status":     {1, 101, 0, pictify.Outlook{Failing: pictify.NoSuccess, Next: all}},
		"the second attempt":     {2, 500, 0, pictify.Outlook{Failing: pictify.NoSuccess, Next: all[1:]}},
		"the last but one":       {5, 500, 0, pictify.Outlook{Failing: pictify.NoSuccess, Next: all[4:]}},
		"the last one":           {6, 500, 0, pictify.Outlook{Failing: pictify.NoSuccess, Next: []time.Duration{}, GivesUp: true}},
		"more than there are":    {99, 500, 0, pictify.Outlook{Failing: pictify.NoSuccess, Next: []time.Duration{}, GivesUp: true}},
		"an attempt like no one": {0, 500, 0, pictify.Outlook{Failing: pictify.NoSuccess, Next: all}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, pictify.Expect(tt.made, tt.status, tt.took)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
