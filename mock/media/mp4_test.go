package media_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pictap/mock/media"
)

// A movie is what a reader of ISO/IEC 14496-12 finds in an MP4.
type movie struct {
	width, height int
	scale         uint32 // units of time in a second
	length        uint32 // in them
	tick          uint32 // of a frame
	codec         string
	frames        [][]byte // in the order in which they are shown
	distinct      int
}

// containers are boxes of boxes, and how many bytes come before those.
var containers = map[string]int{"moov": 0, "trak": 0, "mdia": 0, "minf": 0, "dinf": 0, "stbl": 0, "dref": 8, "stsd": 8}

// readMP4 walks all boxes: each must fill what it is in, and each frame must lie in an mdat box.
func readMP4(t testing.TB, data []byte) movie {
	t.Helper()
	if len(data) > 1<<31 {
		t.Fatal("too long to be looked at")
	}
	at := map[string][]byte{}
	places := map[uint32]uint32{} // of the contents of mdat boxes, and their lengths
	var order []string
	var walk func(from, to int, depth string)
	walk = func(from, to int, path string) {
		for from < to {
			if to-from < 8 {
				t.Fatalf("%s ends with %d bytes that are no box", path, to-from)
			}
			size, name := int(binary.BigEndian.Uint32(data[from:])), string(data[from+4:from+8])
			if size < 8 || from+size > to {
				t.Fatalf("%s/%s of %d bytes at %d does not fit into what ends at %d", path, name, size, from, to)
			}
			if path == "" {
				order = append(order, name)
			}
			at[name] = data[from+8 : from+size]
			if name == "mdat" {
				places[uint32(from+8)] = uint32(size - 8)
			}
			if before, ok := containers[name]; ok {
				walk(from+8+before, from+size, path+"/"+name)
			}
			from += size
		}
	}
	walk(0, len(data), "")
	if len(order) < 3 || order[0] != "ftyp" || order[len(order)-1] != "moov" || string(at["ftyp"][:4]) != "isom" || string(at["hdlr"][8:12]) != "vide" {
		t.Fatalf("the boxes are %v", order)
	}
	number := func(name string, offset int) uint32 { return binary.BigEndian.Uint32(at[name][offset:]) }
	m := movie{
		width: int(number("tkhd", 76) >> 16), height: int(number("tkhd", 80) >> 16), scale: number("mdhd", 12), length: number("mdhd", 16),
		tick: number("stts", 12), distinct: len(places),
	}
	for name := range containers {
		delete(at, name)
	}
	if _, ok := at["jpeg"]; ok {
		m.codec = "jpeg"
	}
	count := number("stsz", 8)
	for name, want := range map[string]uint32{"stsz": 12 + 4*count, "stco": 8 + 4*count} {
		if uint32(len(at[name])) != want {
			t.Fatalf("%s has %d bytes for %d frames", name, len(at[name]), count)
		}
	}
	if number("stts", 8) != count || number("stco", 4) != count || number("mvhd", 12) != m.scale || number("mvhd", 16) != m.length || number("tkhd", 20) != m.length || m.length != count*m.tick {
		t.Fatalf("lengths do not agree: %d frames of %d, and %d", count, m.tick, m.length)
	}
	if w, h := binary.BigEndian.Uint16(at["jpeg"][24:]), binary.BigEndian.Uint16(at["jpeg"][26:]); int(w) != m.width || int(h) != m.height {
		t.Fatalf("the track is %d×%d, its frames %d×%d", m.width, m.height, w, h)
	}
	for i := range int(count) {
		offset, size := number("stco", 8+4*i), number("stsz", 12+4*i)
		if places[offset] != size {
			t.Fatalf("frame %d is %d bytes at %d, where there are %d", i, size, offset, places[offset])
		}
		m.frames = append(m.frames, data[offset:offset+size])
	}
	return m
}

func TestMP4(t *testing.T) {
	for _, tt := range []struct {
		width, height, frames, shown, rate int
		distinct                           int
	}{
		{320, 200, 0, 90, 30, 24},
		{320, 200, 0, 5, 30, 5},
		{320, 200, 7, 0, 0, 7},
		{321, 199, 0, 240, 1, 2}, // a loop of two seconds has no more
		{1, 1, 0, media.MaxShown, 120, 24},
		{2000, 2000, 0, 60, 30, 16}, // and so large ones have fewer
	} {
		if tt.width > largest {
			continue
		}
		p := card(media.MP4, tt.width, tt.height)
		p.Frames, p.Shown, p.Rate = tt.frames, tt.shown, tt.rate
		data := encode(t, p)
		m := readMP4(t, data)
		shown, rate := tt.shown, tt.rate
		if shown == 0 {
			shown = tt.frames
		}
		if rate == 0 {
			rate = 30
		}
		if m.width != tt.width || m.height != tt.height || len(m.frames) != shown || m.distinct != tt.distinct || m.codec != "jpeg" || m.scale != uint32(rate)*m.tick {
			t.Errorf("%+v: %d×%d, %d frames of which %d differ, %s, %d units a second of %d", tt, m.width, m.height, len(m.frames), m.distinct, m.codec, m.scale, m.tick)
		}
		if b := decode(t, media.JPEG, m.frames[shown/2]).Bounds(); b.Dx() != tt.width || b.Dy() != tt.height {
			t.Errorf("%+v: a frame of %v", tt, b)
		}
		if tt.width < 1000 && !bytes.Equal(data, encode(t, p)) {
			t.Errorf("%+v: other bytes the second time", tt)
		}
	}
	p := card(media.MP4, 320, 200)
	p.Shown = 120
	frames := readMP4(t, encode(t, p)).frames
	if bytes.Equal(frames[0], frames[20]) || !bytes.Equal(frames[0], frames[60]) {
		t.Error("it does not move in loops of two seconds")
	}
}

// ffmpeg must find what we wrote and decode all of it.
func TestFFmpegAgrees(t *testing.T) {
	for _, program := range []string{"ffprobe", "ffmpeg"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%v: install ffmpeg", err)
			}
			t.Skipf("%v: install ffmpeg to have MP4s checked by it", err)
		}
	}
	p := card(media.MP4, 322, 202)
	p.Shown, p.Rate = 100, 25
	file := t.TempDir() + "/film.mp4"
	if err := os.WriteFile(file, encode(t, p), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "warning", "-count_frames", "-select_streams", "v", "-of", "csv=p=0",
		"-show_entries", "stream=codec_name,width,height,r_frame_rate,duration,nb_read_frames", file).CombinedOutput()
	if want := "mjpeg,322,202,25/1,4.000000,100"; err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("ffprobe says %s (%v), want %s", out, err, want)
	}
	if out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "warning", "-xerror", "-i", file, "-pix_fmt", "yuvj420p", "-f", "null", "-").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("ffmpeg says %s (%v)", out, err)
	}
	fmt.Fprint(t.Output(), "checked by ffmpeg\n")
}
