package command

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/mock/check"
)

// A reportKind is a form of report, and the file that it is written to.
type reportKind struct {
	kind, file string
	write      func(checkAbout, check.Card) ([]byte, error)
}

var reportKinds = []reportKind{
	{"json", "pictap-check.json", jsonReport},
	{"junit", "pictap-check.xml", junitReport},
	{"html", "pictap-check.html", htmlReport},
}

// reports is where reports go. Its zero value writes none.
type reports struct {
	folder *fixtures.Folder
	kinds  []string
}

// openReports finds out that the reports can be written before anything is sent.
func openReports(c *cli.Context) (*reports, error) {
	rs := &reports{}
	for _, kind := range splitList(c.StringSlice("report")) {
		if !slices.ContainsFunc(reportKinds, func(k reportKind) bool { return k.kind == kind }) {
			return nil, usagef("--report is %q, but takes json, junit and html", sanitize(kind, 40))
		}
		if !slices.Contains(rs.kinds, kind) {
			rs.kinds = append(rs.kinds, kind)
		}
	}
	if len(rs.kinds) == 0 {
		if c.IsSet("out") {
			return nil, usagef("--out is for reports, and --report asks for none").withHint("--report json,junit,html")
		}
		return rs, nil
	}
	var err error
	if rs.folder, err = fixtures.OpenFolder(c.String("out")); err != nil {
		return nil, err
	}
	rs.folder.Force = c.Bool("force")
	for _, k := range reportKinds {
		if slices.Contains(rs.kinds, k.kind) {
			if err := rs.folder.Check(k.file); err != nil {
				rs.Close()
				return nil, err
			}
		}
	}
	return rs, nil
}

func (rs *reports) Close() {
	if rs.folder != nil {
		rs.folder.Close() // nothing of it is under way
	}
}

func (rs *reports) write(about checkAbout, card check.Card) error {
	for _, k := range reportKinds {
		if !slices.Contains(rs.kinds, k.kind) {
			continue
		}
		data, err := k.write(about, card)
		if err != nil {
			return fmt.Errorf("write the %s report: %w", k.kind, err)
		}
		if err := rs.folder.Write(k.file, data); err != nil {
			return err
		}
	}
	return nil
}

// jsonReport has the lines of --output json in one document.
func jsonReport(about checkAbout, card check.Card) ([]byte, error) {
	doc := struct {
		Summary checkSummary `json:"summary"`
		Cases   []caseLine   `json:"cases"`
	}{newCheckSummary(lineHead{"summary", 1, stamp(card.Started)}, about, card), []caseLine{}}
	for _, r := range card.Results {
		at := card.Started
		if len(r.Exchanges) > 0 {
			at = r.Exchanges[0].At
		}
		doc.Cases = append(doc.Cases, newCaseLine(lineHead{"case", 0, stamp(at)}, r))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return b.Bytes(), err
}

// What JUnit reports are made of, as CI systems read them.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Name    string       `xml:"name,attr"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Stamp    string      `xml:"timestamp,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string      `xml:"classname,attr"`
		Name    string      `xml:"name,attr"`
		Time    string      `xml:"time,attr"`
		Failure *junitSays  `xml:"failure"`
		Skipped *junitSays  `xml:"skipped"`
		Out     *junitPlain `xml:"system-out"`
	}
	junitSays struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
	junitPlain struct {
		Text string `xml:",chardata"`
	}
)

func junitReport(about checkAbout, card check.Card) ([]byte, error) {
	doc := junitSuites{Name: "pictap check " + about.target}
	for _, r := range card.Results {
		if n := len(doc.Suites); n == 0 || doc.Suites[n-1].Name != string(r.Group) {
			doc.Suites = append(doc.Suites, junitSuite{Name: string(r.Group), Stamp: card.Started.UTC().Format("2006-01-02T15:04:05")})
		}
		doc.Suites[len(doc.Suites)-1].add(r, about.failOn == "warn")
	}
	for i := range doc.Suites {
		var all time.Duration
		for _, r := range card.Results {
			if string(r.Group) == doc.Suites[i].Name {
				all += r.Took
			}
		}
		doc.Suites[i].Time = inSeconds(all)
	}
	out, err := xml.MarshalIndent(doc, "", "  ")
	return append([]byte(xml.Header), append(out, '\n')...), err
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func (s *junitSuite) add(r check.Result, warnFails bool) {
	c := junitCase{Class: "pictap." + string(r.Group), Name: r.Name + ": " + r.Title, Time: inSeconds(r.Took)}
	text := strings.Join([]string{"expected: " + r.Expect, "why: " + r.Why, "fix: " + r.Mend, "docs: " + r.Docs}, "\n")
	s.Tests++
	switch {
	case r.Status == check.Fail, r.Status == check.Critical, r.Status == check.Warn && warnFails:
		s.Failures++
		c.Failure = &junitSays{r.Said, string(r.Status), text}
	case r.Status == check.Warn:
		c.Out = &junitPlain{"warning: " + r.Said + "\n" + text}
	case r.Status == check.Unmeasured, r.Status == check.Skipped:
		s.Skipped++
		c.Skipped = &junitSays{Message: string(r.Status) + ": " + r.Said}
	}
	s.Cases = append(s.Cases, c)
}
