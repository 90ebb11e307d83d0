package command_test

import (
	"fmt"
	"testing"
	"time"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
)

func TestSnippetsAnswerRightly(t *testing.T) {
	asks := make(map[string][]ask)
	for _, v := range readVectors(t) {
		asks[v.Secret] = vectorAsks(t, v.Secret)
	}
	if len(asks) < 4 || len(asks[""]) != 1 || len(asks[vectorSecret]) < 100 {
		t.Fatalf("vectors have %d secrets, and %d cases are of the one that all this is about", len(asks), len(asks[vectorSecret]))
	}
	asks[vectorSecret] = append(asks[vectorSecret], deliveryAsks(t, mock.Tampers()...)...)
	for _, s := range printedSnippets(t) {
		t.Run(s.Framework, func(t *testing.T) {
			t.Parallel()
			r := rigs[s.Framework]
			r.need(t)
			for _, fault := range r.faults(t, s.Code, asks) {
				t.Error(fault)
			}
		})
	}
}

// vectorSecret is that of most vectors, and signs what is sent beside them.
const vectorSecret = "whsec_5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

// deliveryAsks are what fixtures makes, whole and broken, and what else comes along.
func deliveryAsks(t *testing.T, tampers ...mock.Tamper) (asks []ask) {
	t.Helper()
	signer := pictify.NewSigner(pictify.NewSecret(vectorSecret))
	g := fixtures.New(7, askTime, "")
	sample := func(k fixtures.Kind) fixtures.Sample {
		s, err := g.Sample(k)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, k := range fixtures.Kinds() {
		s := sample(k)
		asks = append(asks,
			messageAsk(k.String(), s.Message(signer, askTime), 200),
			messageAsk(k.String()+" again", s.Message(signer, askTime.Add(time.Minute)), 200).quiet())
	}
	for _, tamper := range tampers {
		a := messageAsk("tampered: "+string(tamper), tamper.Message(sample(fixtures.Kind{Event: pictify.RenderCompleted}), signer, askTime))
		a.accepts = tamper.Accepts
		asks = append(asks, a)
	}
	signed := func(name, id, body string, want int) ask {
		return messageAsk(name, pictify.NewMessage(signer, askTime, "render.completed", id, []byte(body)), want)
	}
	const event = `{"event":"render.completed","data":{"imageId":"img_1","url":"https://a.example/\u00e9"}}`
	asks = append(asks,
		signed("without a delivery id", "", event, 200), signed("without a delivery id, again", "", event, 200),
		signed("an event of the future", "del_x1", `{"event":"render.archived","data":{}}`, 200).quiet(),
		signed("an event without data", "del_x2", `{"event":"render.completed"}`, 200).anyhow(),
		signed("an event with null for data", "del_x3", `{"event":"render.failed","data":null}`, 200).anyhow(),
		signed("an event with a list for data", "del_x4", `{"event":"batch.completed","data":[1]}`, 200).anyhow(),
	)
	for i, body := range []string{`null`, `3`, `"x"`, `[1]`, `{}`, `{"event":5}`, `{"event":null}`, `{"event":"x"`, `x`} {
		asks = append(asks, signed("the body "+body, fmt.Sprintf("del_y%d", i), body, 400).quiet())
	}
	return append(asks, signed("an id that was refused before", "del_y0", event, 200))
}
