package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pictap/tunnel/store"
)

var idSeeds = []string{"d17", "17", "d1", "d9223372036854775807", "d9223372036854775808", "", "d", "0", "d0", "-1", "+1", "d+1", "d-1", "dd1", "D1",
	" 1", "1 ", "1_000", "0x10", "1e3", "\u0661", "d017"}

func FuzzParseID(f *testing.F) {
	for _, s := range idSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		seq, err := store.ParseID(s)
		digits := strings.TrimPrefix(s, "d")
		if err != nil {
			if seq != 0 {
				t.Errorf("ParseID(%q) = %d with %v", s, seq, err)
			}
			return
		}
		if seq < 1 || strings.Trim(digits, "0123456789") != "" {
			t.Errorf("ParseID(%q) = %d", s, seq)
		}
		id := store.Delivery{Seq: seq}.ID()
		if again, err := store.ParseID(id); again != seq || err != nil {
			t.Errorf("ParseID(%q) = %d, %v, want %d", id, again, err, seq)
		}
		if id[1:] != strings.TrimLeft(digits, "0") {
			t.Errorf("ParseID(%q) is %s", s, id)
		}
	})
}

func TestParseID(t *testing.T) {
	if len(idSeeds) < 20 {
		t.Fatalf("only %d seeds", len(idSeeds))
	}
	for s, want := range map[string]int64{"d17": 17, "17": 17, "d9223372036854775807": 1<<63 - 1,
		"d9223372036854775808": 0, "": 0, "d": 0, "0": 0, "d0": 0, "-1": 0, "+1": 0, "d+1": 0, "dd1": 0, "D1": 0, " 1": 0, "1_000": 0} {
		if got, err := store.ParseID(s); got != want || (err == nil) != (want != 0) {
			t.Errorf("ParseID(%q) = %d, %v, want %d", s, got, err, want)
		}
	}
}

var fieldSeeds = []string{"", "A: b\r\n", "A: b\r\na: \r\nA: c\r\n", "Host: x\r\nX: a: b: c\r\n", "X: \xff\x00\r\n", "no colon\r\n", ": nameless\r\n",
	"cut: sho", "\r\n\r\n", "A:b\r\n", "A: \n\r\n", "A: b\r\r\n"}

// FuzzFields reads any column as a header, and writes any header to a column and
// back.
func FuzzFields(f *testing.F) {
	for _, s := range fieldSeeds {
		f.Add([]byte(s), "Name", "value")
	}
	f.Fuzz(func(t *testing.T, column []byte, name, value string) {
		fields := store.DecodeFields(column)
		again := store.DecodeFields(store.EncodeFields(fields))
		if diff := cmp.Diff(fields, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("decoded, encoded and decoded again (-first +second):\n%s", diff)
		}
		if strings.ContainsAny(name, ":\r\n") || strings.ContainsAny(value, "\r\n") {
			return // no request with it gets this far
		}
		fields = append(fields, store.Field{Name: name, Value: value}, store.Field{Name: name, Value: value + value})
		again = store.DecodeFields(store.EncodeFields(fields))
		if diff := cmp.Diff(fields, again); diff != "" {
			t.Errorf("encoded and decoded (-want +got):\n%s", diff)
		}
	})
}

func TestFieldSeeds(t *testing.T) {
	if len(fieldSeeds) < 10 {
		t.Fatalf("only %d seeds", len(fieldSeeds))
	}
}
