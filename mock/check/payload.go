package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// ordinary is a new delivery of the kind that the handler is known to accept.
func (r *round) ordinary() fixtures.Sample { return r.sample(r.base) }

// sample is a new delivery of kind k: what is in it depends on the seed, but its
// ids are those of no other run. A finished render is one of a template, since what
// is ordinary must not differ from case to case; see bare for the others.
func (r *round) sample(k fixtures.Kind) (s fixtures.Sample) {
	for range 100 { // most are, and chance is a seed's
		var err error
		if s, err = r.gen.SampleAt(k, r.Now()); err != nil {
			panic(fmt.Sprintf("sample of %s: %v", k, err)) // kinds are constants
		}
		if !fixtures.HasType(k.Event) || bytes.Contains(s.Body, []byte(`"templateId"`)) {
			break
		}
	}
	s.ID = r.newID("del_")
	var e struct {
		Data struct{ ImageID, BatchID string }
	}
	if err := json.Unmarshal(s.Body, &e); err != nil {
		panic(fmt.Sprintf("sample of %s: %v", k, err))
	}
	for _, id := range []string{e.Data.ImageID, e.Data.BatchID} {
		if prefix, own, found := strings.Cut(id, "_"); found { // it is a part of URLs too
			fresh := strings.TrimPrefix(r.newID(prefix+"_"), prefix+"_")
			s.Body = bytes.ReplaceAll(s.Body, []byte(own), []byte(fresh))
		}
	}
	return s
}

// edited is a finished image with changes.
func (r *round) edited(changes ...fixtures.Change) fixtures.Sample {
	return edit(r.sample(fixtures.Kind{Event: pictify.RenderCompleted, Type: "image"}), changes...)
}

func edit(s fixtures.Sample, changes ...fixtures.Change) fixtures.Sample {
	for i := range changes {
		changes[i].New = true
	}
	body, err := fixtures.Edit(s.Body, changes)
	if err != nil {
		panic(fmt.Sprintf("edit a sample: %v", err)) // bodies and changes are our own
	}
	s.Body = body
	return s
}

// set puts a value, in JSON, at a path.
func set(path, value string) fixtures.Change {
	return fixtures.Change{Path: path, Value: json.RawMessage(value)}
}

// minimal has only what the guide's sample of a test delivery has.
func (r *round) minimal() fixtures.Sample {
	return r.completed(`{"imageId":"` + r.newID("img_") + `","url":"https://cdn.pictify.io/test.png"}`)
}

// bare is a render without a template: no optional field is there.
func (r *round) bare() fixtures.Sample {
	id := r.newID("img_")
	return r.completed(`{"type":"image","source":"api","imageId":"` + id + `","url":"https://cdn.pictify.io/renders/` + id +
		`.png","width":1200,"height":630,"format":"png","renderedAt":"` + r.Now().UTC().Format(time.RFC3339) + `"}`)
}

// guide is what the guide shows, in ASCII: encoders agree about all of it but blanks
// and the order of keys.
func (r *round) guide() fixtures.Sample {
	id := r.newID("img_")
	return r.completed(`{"type":"image","source":"api","imageId":"` + id + `","url":"https://cdn.pictify.io/renders/` + id +
		`.png","width":1200,"height":630,"format":"png","templateId":"tmpl_xyz789","variables":{"title":"Hello World"},"renderedAt":"` +
		r.Now().UTC().Format(time.RFC3339) + `"}`)
}

// maximal has every field that any of the documents names.
func (r *round) maximal() fixtures.Sample {
	id := r.newID("img_")
	return r.completed(`{"type":"image","source":"automation","imageId":"` + id + `","url":"https://cdn.pictify.io/renders/` + id +
		`.png","userStorageUrl":"https://your-bucket.s3.amazonaws.com/` + id + `.png","width":4096,"height":4096,"format":"png",` +
		`"templateId":"tmpl_xyz789","variables":{"title":"Hello","subtitle":"","price":19.99,"tags":["a","b"],"author":{"name":"Ada","avatar":null},"sold":false},` +
		`"userId":"user_123","engine":"html","renderedAt":"` + r.Now().UTC().Format(time.RFC3339) + `","deliveryId":"` + r.newID("del_") + `"}`)
}

// respelled says the same as an ordinary body in other bytes: blanks, escapes, 1.0 for 1.
// Whoever parses it and writes it anew gets other bytes.
func (r *round) respelled() fixtures.Sample {
	id := r.newID("img_")
	s := r.completed("")
	s.Body = fmt.Appendf(nil, "{ \"event\": \"render.completed\",\n  \"timestamp\": \"%s\",\n  \"data\": {\"imageId\": \"%s\", \"url\": \"https:\\/\\/cdn.pictify.io\\/test.png\", "+
		"\"width\": 1200.0, \"height\": 6.3e2, \"variables\": {\"b\": \"caf\\u00e9 <&>\", \"a\": 1} } }", r.Now().UTC().Format(time.RFC3339), id)
	return s
}

// completed is a render.completed with that data.
func (r *round) completed(data string) fixtures.Sample {
	s := fixtures.Sample{Kind: fixtures.Kind{Event: pictify.RenderCompleted, Type: "image"}, ID: r.newID("del_")}
	s.Body = pictify.AppendBody(nil, s.Event, r.Now(), []byte(data))
	return s
}

// text is a JSON string.
func text(s string) string { return string(pictify.AppendString(nil, s)) }

// padded makes the body longer by some n bytes, and leaves it JSON. It is a splice,
// because a body can be long.
func padded(s fixtures.Sample, n int) fixtures.Sample {
	before, after, found := bytes.Cut(s.Body, []byte(`"variables":{"`))
	if !found {
		before, after = s.Body[:len(s.Body)-len("}}")], []byte("}}")
		s.Body = slices.Concat(before, []byte(`,"padding":"`), bytes.Repeat([]byte{'x'}, n), []byte(`"`), after)
		return s
	}
	s.Body = slices.Concat(before, []byte(`"variables":{"padding":"`), bytes.Repeat([]byte{'x'}, n), []byte(`","`), after)
	return s
}
