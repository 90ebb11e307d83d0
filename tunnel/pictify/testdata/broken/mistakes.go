//go:build ignore

// Makes deliveries whose signature is wrong, each by making a mistake of Go's.
//
//	go run mistakes.go > go.json
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type row struct {
	Name   string      `json:"name"`
	Want   []string    `json:"want"`
	Header [][2]string `json:"header"`
	Body   []byte      `json:"body_base64"`
}

var rows []row

func add(name, want, header, body string) {
	rows = append(rows, row{"Go: " + name, strings.Fields(want), [][2]string{{"X-Pictify-Signature", header}}, []byte(body)})
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	file, err := os.ReadFile("given.json")
	check(err)
	var given struct {
		Now                                      int64
		Secret, Plain, Rich, Latin, Pretty, Hard string
	}
	check(json.Unmarshal(file, &given))

	sum := func(text string) string {
		h := hmac.New(sha256.New, []byte(given.Secret))
		fmt.Fprintf(h, "%d.%s", given.Now, text)
		return hex.EncodeToString(h.Sum(nil))
	}
	signed := func(name, want, text, body string) {
		add(name, want, fmt.Sprintf("t=%d,v1=%s", given.Now, sum(text)), body)
	}

	var parsed map[string]any
	check(json.Unmarshal([]byte(given.Rich), &parsed))
	again, err := json.Marshal(parsed)
	check(err)
	signed("json.Marshal of a map", "json-go", string(again), given.Rich)
	var stream bytes.Buffer
	check(json.NewEncoder(&stream).Encode(parsed))
	signed("json.NewEncoder", "json-go", stream.String(), given.Rich)
	indented, err := json.MarshalIndent(parsed, "", "  ")
	check(err)
	signed("json.MarshalIndent", "json-indent-2", string(indented), given.Rich)

	var event struct {
		Event     string          `json:"event"`
		Timestamp string          `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	check(json.Unmarshal([]byte(given.Rich), &event))
	again, err = json.Marshal(event)
	check(err)
	signed("json.Marshal of a struct", "json-html", string(again), given.Rich)

	var hard map[string]any
	check(json.Unmarshal([]byte(given.Hard), &hard))
	again, err = json.Marshal(hard)
	check(err)
	signed("hard: json.Marshal", "json-go", string(again), given.Hard)
	again, err = json.MarshalIndent(hard, "", "\t")
	check(err)
	signed("hard: json.MarshalIndent with tabs", "json-indent-tab", string(again), given.Hard)
	signed("hard: %v of a map", "text-go-map", fmt.Sprint(hard), given.Hard)

	signed("%v of bytes", "body-bytes-literal", fmt.Sprint([]byte(given.Plain)), given.Plain)
	signed("%v of a map", "text-go-map", fmt.Sprint(parsed), given.Rich)
	signed("body read twice", "body-empty", "", given.Plain)
	signed("%s of nil", "body-literal", fmt.Sprintf("%s", any(nil)), given.Plain)
	signed("string(bytes) that are not UTF-8, through []rune", "body-replaced", string([]rune("{\"a\":\"caf\xe9\xf0\x9f\"}")), "{\"a\":\"caf\xe9\xf0\x9f\"}")

	h := hmac.New(sha256.New, []byte(given.Secret))
	add("h.Sum(text)", "digest-go-sum", fmt.Sprintf("t=%d,v1=%x", given.Now, h.Sum(fmt.Appendf(nil, "%d.%s", given.Now, given.Plain))), given.Plain)
	add("%x of the hex", "encoding-twice", fmt.Sprintf("t=%d,v1=%x", given.Now, sum(given.Plain)), given.Plain)

	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", " ")
	check(enc.Encode(rows))
}
