package pictify_test

import (
	"strconv"
	"strings"
	"testing"

	"pictap/tunnel/pictify"
)

// kilobyte is the guide's render.completed with a longer title, 1 KiB in all.
func kilobyte(tb testing.TB) []byte {
	body := string(readEvent(tb, "render.completed"))
	body = strings.Replace(body, "Hello World", strings.Repeat("Hello World ", 60), 1)
	if len(body) < 1000 || len(body) > 1200 {
		tb.Fatalf("body of %d bytes, want about 1 KiB", len(body))
	}
	return []byte(body)
}

func BenchmarkSign(b *testing.B) {
	body := kilobyte(b)
	for b.Loop() {
		pictify.Sign(testSecret, testNow, body)
	}
}

func BenchmarkVerify(b *testing.B) {
	body := kilobyte(b)
	header := pictify.Sign(testSecret, testNow, body)
	for b.Loop() {
		if err := pictify.Verify(testSecret, header, body, testNow); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseEvent(b *testing.B) {
	body := kilobyte(b)
	for b.Loop() {
		if _, err := pictify.ParseEvent(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAbout(b *testing.B) {
	for _, name := range []string{"render.completed", "batch.completed", "binding.updated"} {
		b.Run(name, func(b *testing.B) {
			e, err := pictify.ParseEvent(readEvent(b, name))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if e.About() == "" {
					b.Fatal("nothing to say")
				}
			}
		})
	}
}

func BenchmarkBody(b *testing.B) {
	e, err := pictify.ParseEvent(kilobyte(b))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		e.Body()
	}
}

// A whole search that finds nothing.
func BenchmarkExplain(b *testing.B) {
	g := readGiven(b)
	for _, size := range []int{1 << 10, 1 << 20} {
		b.Run(strconv.Itoa(size>>10)+"KiB", func(b *testing.B) {
			body := []byte(strings.Replace(g.Rich, "Caf\u00e9", strings.Repeat("Caf\u00e9 & co / ", (size-len(g.Rich))/16), 1))
			q := broken{Header: [][2]string{{pictify.SignatureHeader, "t=1769682600,v1=" + strings.Repeat("ab", 32)}}, Body: body}.question(g)
			b.ReportAllocs()
			for b.Loop() {
				if c := pictify.Explain(q); !c.Unknown() {
					b.Fatal(c.Faults)
				}
			}
		})
	}
}
