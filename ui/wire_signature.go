package ui

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A signature is a delivery's signature taken apart.
type signature struct {
	Fields  int    `json:"fields"`            // how many there are; of more than one nobody knows which counts
	Header  string `json:"header"`            // the first one's value, "" when there is none
	Problem string `json:"problem,omitempty"` // why it cannot be read

	T         string    `json:"t,omitempty"`  // Unix seconds, as it stands
	At        *wireTime `json:"at,omitempty"` // the same; left out of a year that has five digits
	Age       *int64    `json:"age,omitempty"`
	Tolerance int64     `json:"tolerance"`
	V1        []string  `json:"v1"` // hex

	Elements [][2]string `json:"elements,omitempty"` // name and value of what stands between the commas, when it cannot be read or has more than t and v1

	Signed      string `json:"signed,omitempty"` // the beginning of what t says was signed: t, a point, the body
	SignedBytes int64  `json:"signed_bytes,omitempty"`

	Secret  string `json:"secret"`  // what it was checked with: "subscription", "local", or "" for nothing
	Matched bool   `json:"matched"` // and that is what it was signed with
}

// Bounds of a signature in JSON.
const (
	maxSigned   = 200 // bytes of what was signed
	maxElements = 20
)

func signatureOf(d store.Delivery) *signature {
	s := &signature{Tolerance: int64(pictify.Tolerance.Seconds()), V1: []string{}}
	var header string
	for _, f := range d.Header {
		if strings.EqualFold(f.Name, pictify.SignatureHeader) {
			if s.Fields++; s.Fields == 1 {
				header = f.Value
			}
		}
	}
	s.Header = clipTo(header, maxLine)
	s.checkedWith(d)
	if s.Fields == 0 {
		return s
	}
	sig, err := pictify.ParseSignature(header)
	if err != nil {
		s.Problem, s.Elements = problemOf(err), elementsOf(header)
		return s
	}
	s.T = strconv.FormatInt(sig.At, 10)
	if at := wireTime(time.Unix(sig.At, 0)); sig.At <= lastFourDigitYear {
		s.At = &at
	}
	age := d.ReceivedAt.Unix() - sig.At
	s.Age = &age
	for _, v1 := range sig.V1 {
		s.V1 = append(s.V1, clip(hex.EncodeToString(v1)))
	}
	if elements := elementsOf(header); len(elements) > 1+len(sig.V1) {
		s.Elements = elements
	}
	s.Signed = strings.ToValidUTF8(clipTo(s.T+"."+string(d.Body[:min(len(d.Body), maxSigned)]), maxSigned), "\uFFFD")
	s.SignedBytes = int64(len(s.T)+len(".")) + d.BodySize
	return s
}

const lastFourDigitYear = 253402300799 // 9999-12-31T23:59:59Z, in Unix seconds

// checkedWith says which secret there was to check with. A request without one
// that could be read was checked with none.
func (s *signature) checkedWith(d store.Delivery) {
	s.Matched = d.Verdict == pictify.Valid || d.Verdict == pictify.Stale
	if !s.Matched && d.Verdict != pictify.Mismatch {
		return
	}
	s.Secret = "subscription"
	if d.Source == store.FromLocal {
		s.Secret = "local"
	}
}

// problemOf is what is wrong with a header, without what its kind of error says.
func problemOf(err error) string {
	if !errors.Is(err, pictify.ErrMalformed) {
		return err.Error()
	}
	return strings.TrimPrefix(err.Error(), pictify.ErrMalformed.Error()+": ")
}

// elementsOf takes a header apart at its commas, whatever stands there. What has no
// name is a value.
func elementsOf(header string) [][2]string {
	var list [][2]string
	for element := range strings.SplitSeq(header, ",") {
		if len(list) == maxElements {
			break
		}
		name, value, found := strings.Cut(element, "=")
		if !found {
			name, value = "", element
		}
		list = append(list, [2]string{clip(name), clip(value)})
	}
	return list
}
