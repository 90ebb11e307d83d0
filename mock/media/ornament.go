package media

import "math/rand/v2"

// ornament adds a small solar system: to the right of the text where a picture is wide,
// below it where it is high, and alone where there is no room for text.
func ornament(scene *scene, s scheme, c *rand.PCG, basis int) {
	w, h := scene.w*subpixel, scene.h*subpixel
	side := min(w, h)
	x, y, reach := part(w, between(c, 76, 86)), part(h, between(c, 40, 58)), part(h, 62)
	switch {
	case side < leastSide*subpixel:
		x, y, reach = w/2, h/2, part(side, 42)
	case scene.w*10 <= scene.h*13:
		x, y, reach = part(w, between(c, 56, 76)), part(h, between(c, 66, 76)), part(w, 60)
	}
	reach = min(reach, side)
	orbits := 4
	if side < 64*subpixel {
		orbits = 2
	}
	stroke := max(subpixel, part(basis, 100)/500)
	scene.boxes = append(scene.boxes, disc(x, y, part(reach, between(c, 9, 13)), s.discs[0]))
	for i := 1; i <= orbits; i++ {
		orbit := reach * (i + 1) / (orbits + 1)
		ring := disc(x, y, orbit+stroke/2, s.line)
		ring.stroke = stroke
		scene.boxes = append(scene.boxes, ring)
		turns := 1
		if i == 1 {
			turns = 2
		}
		if between(c, 0, 3) == 0 {
			turns = -turns
		}
		scene.planets = append(scene.planets, planet{
			x: x, y: y, orbit: orbit, turns: turns,
			radius: max(part(reach, between(c, 3, 6)), subpixel/2),
			start:  between(c, 0, 65535),
			ink:    s.discs[between(c, 0, len(s.discs)-1)],
		})
	}
}
