package ui

// volleySamples are those of test events.
func volleySamples() map[string]any {
	one, seed, rate, text := 1, int64(7), 2.5, "{}"
	edit := Edit{"data.width", "640", true, true}
	statuses := map[string]int{"200": 1}
	step := StepProgress{"real", 2, 1, 1, statuses}
	progress := VolleyProgress{Total: 3, Sent: 2, Dropped: 1, Unexpected: 1, Statuses: statuses, P50MS: 1.5, P99MS: 3, Steps: []StepProgress{step}}
	job := volleyJob{"1", "failed", progress, "render.completed", "forger", 7, 1, 1, 0.5, []string{"d1"}, "d1..d2 source:local", "no"}
	tamper := TamperKind{"body", "one digit of the body was changed after signing", "401, or another 4xx"}
	scenario := Scenario{"forger", "a forger", 2, []ScenarioStep{{"real", "render.completed"}}}
	return map[string]any{
		"Volley": Volley{"render.completed", "pdf", &seed, "2026-01-29T10:30:00Z", "del_1", true, []Edit{edit}, []string{"body"}, &one, &one, true, &rate,
			"0-5s", 10, &one, "forger"},
		"Edit": edit,
		"VolleySample": sampleAnswer{VolleySample{7, "2026-01-29T10:30:00Z", 1, 3, "render.completed", "del_1", "body", true, "{}",
			[][2]string{{"Content-Type", "application/json"}}, []byte("{}"), "pictap trigger render.completed"}, content{&text, "e30=", true}, 2},
		"VolleyKit":    volleyKit{[]TamperKind{tamper}, []Scenario{scenario}, 10_000, &job},
		"TamperKind":   tamper,
		"Scenario":     scenario,
		"ScenarioStep": scenario.Steps[0],
		"VolleyJob":    job,
		"StepProgress": step,
	}
}
