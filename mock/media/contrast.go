package media

import "image/color"

// linear holds the light of each level of sRGB, times 65535. A table, because the power
// that makes it is not the same to the last bit on all machines. Made by Python:
//
//	lin = lambda c: c/12.92 if c <= 0.04045 else ((c+0.055)/1.055)**2.4
//	[round(65535*lin(i/255)) for i in range(256)]
var linear = [256]int64{
	0, 20, 40, 60, 80, 99, 119, 139, 159, 179, 199, 219, 241, 264, 288, 313,
	340, 367, 396, 427, 458, 491, 526, 562, 599, 637, 677, 718, 761, 805, 851, 898,
	947, 997, 1048, 1101, 1156, 1212, 1270, 1330, 1391, 1453, 1517, 1583, 1651, 1720, 1790, 1863,
	1937, 2013, 2090, 2170, 2250, 2333, 2418, 2504, 2592, 2681, 2773, 2866, 2961, 3058, 3157, 3258,
	3360, 3464, 3570, 3678, 3788, 3900, 4014, 4129, 4247, 4366, 4488, 4611, 4736, 4864, 4993, 5124,
	5257, 5392, 5530, 5669, 5810, 5953, 6099, 6246, 6395, 6547, 6700, 6856, 7014, 7174, 7335, 7500,
	7666, 7834, 8004, 8177, 8352, 8528, 8708, 8889, 9072, 9258, 9445, 9635, 9828, 10022, 10219, 10417,
	10619, 10822, 11028, 11235, 11446, 11658, 11873, 12090, 12309, 12530, 12754, 12980, 13209, 13440, 13673, 13909,
	14146, 14387, 14629, 14874, 15122, 15371, 15623, 15878, 16135, 16394, 16656, 16920, 17187, 17456, 17727, 18001,
	18277, 18556, 18837, 19121, 19407, 19696, 19987, 20281, 20577, 20876, 21177, 21481, 21787, 22096, 22407, 22721,
	23038, 23357, 23678, 24002, 24329, 24658, 24990, 25325, 25662, 26001, 26344, 26688, 27036, 27386, 27739, 28094,
	28452, 28813, 29176, 29542, 29911, 30282, 30656, 31033, 31412, 31794, 32179, 32567, 32957, 33350, 33745, 34143,
	34544, 34948, 35355, 35764, 36176, 36591, 37008, 37429, 37852, 38278, 38706, 39138, 39572, 40009, 40449, 40891,
	41337, 41785, 42236, 42690, 43147, 43606, 44069, 44534, 45002, 45473, 45947, 46423, 46903, 47385, 47871, 48359,
	48850, 49344, 49841, 50341, 50844, 51349, 51858, 52369, 52884, 53401, 53921, 54445, 54971, 55500, 56032, 56567,
	57105, 57646, 58190, 58737, 59287, 59840, 60396, 60955, 61517, 62082, 62650, 63221, 63795, 64372, 64952, 65535,
}

// luminance is the relative luminance of c without its alpha, from 0 to 65535.
//
// Source: WCAG 2.2, "relative luminance".
func luminance(c color.NRGBA) int64 {
	return (2126*linear[c.R] + 7152*linear[c.G] + 722*linear[c.B]) / 10000
}

// Contrasts, in hundredths, that WCAG 2.2 asks of text (1.4.3) and of large text.
const (
	readable      = 450
	readableLarge = 300
)

// contrast is the contrast ratio of two opaque colours in hundredths, from 100 to 2100.
func contrast(a, b color.NRGBA) int64 {
	const flare = 65535 / 20 // 0.05
	la, lb := luminance(a), luminance(b)
	if la < lb {
		la, lb = lb, la
	}
	return 100 * (la + flare) / (lb + flare)
}

// mix returns a with part/256 of b, of all four channels.
func mix(a, b color.NRGBA, part int) color.NRGBA {
	one := func(a, b uint8) uint8 { return uint8((int(a)*(256-part) + int(b)*part + 128) >> 8) }
	return color.NRGBA{one(a.R, b.R), one(a.G, b.G), one(a.B, b.B), one(a.A, b.A)}
}

// over returns what is seen of c on an opaque ground.
func over(c, ground color.NRGBA) color.NRGBA {
	seen := mix(ground, c, (int(c.A)*256+127)/255)
	seen.A = 255
	return seen
}

func withAlpha(c color.NRGBA, a uint8) color.NRGBA {
	c.A = a
	return c
}

var (
	black = color.NRGBA{A: 255}
	white = color.NRGBA{255, 255, 255, 255}
)

// legible returns c, or, when it can hardly be read on one of the grounds, c mixed with as
// little black or white as helps, whichever helps more.
func legible(c color.NRGBA, least int64, grounds ...color.NRGBA) color.NRGBA {
	worst := func(c color.NRGBA) int64 {
		low := int64(2100)
		for _, g := range grounds {
			low = min(low, contrast(c, g))
		}
		return low
	}
	toward := black
	if worst(white) > worst(black) {
		toward = white
	}
	for part := 0; part < 256; part += 16 {
		if got := mix(c, toward, part); worst(got) >= least {
			return got
		}
	}
	return toward
}
