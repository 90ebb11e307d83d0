package media_test

import (
	"fmt"
	"testing"

	"pictap/mock/media"
)

func BenchmarkEncode(b *testing.B) {
	for _, c := range []struct {
		format media.Format
		w, h   int
	}{
		{media.PNG, 16, 16}, {media.PNG, 1200, 630}, {media.PNG, 1080, 1920}, {media.PNG, 4096, 4096},
		{media.JPEG, 1200, 630}, {media.JPEG, 4096, 4096},
		{media.WebP, 1200, 630}, {media.WebP, 4096, 4096},
		{media.GIF, 800, 600}, {media.GIF, 2000, 2000},
		{media.PDF, 595, 842},
	} {
		b.Run(fmt.Sprintf("%s/%d×%d", c.format, c.w, c.h), func(b *testing.B) {
			p := card(c.format, c.w, c.h)
			size := len(encode(b, p))
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Encode(b.Context(), nowhere{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}
