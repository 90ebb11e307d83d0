package pictify_test

import (
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
