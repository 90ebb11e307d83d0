// Checks of the pure functions of the trigger view, evaluated in the page. Answers {checks, failures}.
(async () => {
  const shape = { ...(await import("/trigger/shape.js")), ...(await import("/trigger/wish.js")) };
  const failures = [];
  let checks = 0;
  const is = (what, got, want) => {
    checks++;
    if (JSON.stringify(got) !== JSON.stringify(want)) failures.push(`${what} = ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  };
  const list = shape.leaves({ required: ["event", "data"], properties: {
    event: { const: "render.completed" },
    data: { type: "object", required: ["id"], properties: {
      id: { type: "string", minLength: 1, examples: ["img_1"] }, "odd.name": { type: "string" }, width: { type: "integer", minimum: 1, examples: [1200] },
      score: { type: "number" }, kind: { type: "string", enum: ["a", "b"] }, variables: { type: "object", examples: [{ a: 1 }] }, before: { type: ["object", "null"] },
      at: { type: "string", pattern: "^[0-9]+$", $comment: "digits" }, bad: { type: "string", pattern: "(" }, on: { type: "boolean" },
    } },
    loose: { type: "object", properties: { x: { type: "string" } }, required: ["x"] },
  } });
  const by = Object.fromEntries(list.map((l) => [l.path, l]));
  is("paths", list.map((l) => l.path), ["event", "data.id", "data.odd\\.name", "data.width", "data.score", "data.kind", "data.variables", "data.before", "data.at", "data.bad", "data.on", "loose.x"]);
  is("required", list.filter((l) => l.required).map((l) => l.path), ["event", "data.id"]); // x is required only where there is a loose
  is("constant", [by.event.constant, by.event.choices, by["data.id"].constant], [true, ["render.completed"], false]);
  is("examples", [by["data.id"].example, by["data.width"].example, by["data.variables"].example], ["img_1", "1200", '{"a":1}']);
  for (const schema of [null, {}, { properties: null }, { properties: { a: null, b: 5, c: { type: 7, enum: 5, required: "x", minimum: "1", examples: "y" } } }]) is("odd schema", Array.isArray(shape.leaves(schema)), true);

  is("typed", ["640", "true", '"x"', "null", "[1", "Hello World", "", " 1 "].map(shape.typed), ['"640"', '"true"', '"\\"x\\""', '"null"', "[1", "Hello World", "", '" 1 "']);
  const problems = (path, ...drafts) => drafts.map((s) => shape.problem(by[path], s) !== "");
  is("problems of a text", problems("data.id", "", "x", "5"), [true, false, false]);
  is("problems of a whole number", problems("data.width", "1", "0", "1.5", "x", "", "null", "2e3"), [false, true, true, true, true, true, false]);
  is("problems of a number", problems("data.score", "1", "1.5", '"1"'), [false, false, true]);
  is("problems of a choice", problems("data.kind", "a", "c"), [false, true]);
  is("problems of an object", problems("data.variables", "{}", "[]", "null", "{"), [false, true, true, true]);
  is("problems of an object or null", problems("data.before", "{}", "null", "5"), [false, false, true]);
  is("problems of a pattern", problems("data.at", "12", "x"), [false, true]);
  is("a pattern that is none", problems("data.bad", "x"), [false]);

  const event = { event: "render.completed", data: { id: "img_1", "odd.name": "y", width: 5, variables: { a: 1 } } };
  const form = shape.blank();
  is("no edits", shape.edits(form, list, event), []);
  form.drafts = { "data.id": "640", "data.width": "6", "data.odd\\.name": "y", "data.score": "1.50", "data.on": "true", "data.variables": "{", "data.before": " null " };
  form.removed = ["data.kind"]; // which is not there
  form.others = [{ path: " a.b ", value: "1", how: "new" }, { path: "", value: "x", how: "set" }, { path: "data.id", value: "x", how: "remove" }, { path: "c", value: "", how: "set" }];
  is("edits", shape.edits(form, list, event), [
    { path: "data.id", value: '"640"' }, { path: "data.width", value: "6" }, { path: "data.score", value: "1.50" }, { path: "data.before", value: "null" }, { path: "data.on", value: "true" },
    { path: "a.b", value: "1", new: true }, { path: "data.id", remove: true }, { path: "c", value: "" },
  ]);
  form.removed = ["data.width"];
  is("removed", shape.leafEdit(form, by["data.width"], event), { path: "data.width", remove: true });
  is("nothing made yet", shape.edits(shape.blank(), list, null), []);
  is("made of a prototype", shape.made({}, { ...by["data.id"], names: ["constructor"] }), undefined);

  is("volley", shape.volley(shape.blank(), "e", []), { event: "e" });
  is("volley of all", shape.volley({ ...shape.blank(), seed: "7", at: "T", type: "gif", strict: true, id: " del ", tamper: ["body"], count: "20", duplicate: "2", shuffle: true, rate: "2.5", delay: "1s", drop: "10", together: "4" }, "e", [{ path: "a", value: "1" }]),
    { event: "e", seed: 7, at: "T", type: "gif", strict: true, id: "del", edits: [{ path: "a", value: "1" }], tamper: ["body"], count: 20, duplicate: 2, shuffle: true, rate: 2.5, drop: 10, delay: "1s", concurrency: 4 });
  is("late", shape.volley({ ...shape.blank(), at: "T", late: true }, "e", []), { event: "e" });
  is("count 0 is said", shape.volley({ ...shape.blank(), count: "0" }, "e", []), { event: "e", count: 0 });
  const mistakes = (o) => shape.mistake({ ...shape.blank(), ...o }) !== "";
  is("mistakes", [{}, { count: "5" }, { count: "five" }, { count: "1e9" }, { count: "1.5" }, { seed: "-3" }, { seed: "0x5" }, { seed: "9".repeat(17) }, { rate: "2.5" }, { rate: "fast" }, { rate: "Infinity" }, { drop: "NaN" }].map(mistakes),
    [false, false, true, true, true, false, true, true, false, true, true, true]);

  const job = (o) => shape.outcome({ id: "1", state: "done", total: 4, sent: 4, accepted: 4, refused: 0, dropped: 0, unexpected: 0, statuses: { 200: 4 }, steps: [], seconds: 2, first: [], search: "", ...o });
  is("all accepted", job({}), { tone: "ok", words: "Sent 4 requests in 2.0 s: 4 accepted." });
  is("refused as wanted", job({ accepted: 1, refused: 3, statuses: { 200: 1, 401: 3 } }), { tone: "ok", words: "Sent 4 requests in 2.0 s: 1 accepted, 3 refused with 401. Just as a correct receiver does." });
  is("refused and not wanted", job({ accepted: 3, refused: 1, unexpected: 1, statuses: { 200: 3, 503: 1 } }), { tone: "bad", words: "Sent 4 requests in 2.0 s: 3 accepted, 1 refused with 503. 1 answer is not what a correct receiver says." });
  is("no answer", job({ accepted: 0, unexpected: 4, statuses: { 0: 4 } }), { tone: "bad", words: "Sent 4 requests in 2.0 s: 4 not answered." });
  is("running", job({ state: "running", sent: 2, accepted: 2, statuses: { 200: 2 }, dropped: 1 }), { tone: "ok", words: "2 of 4: 2 accepted, 1 left out" });
  is("stopped", job({ state: "stopped", sent: 1, accepted: 1, statuses: { 200: 1 } }), { tone: "warn", words: "Stopped after 1 of 4: 1 accepted." });
  is("failed", job({ state: "failed", error: "no\u202e" }), { tone: "bad", words: "Failed: no\\u{202e}" });
  is("announced", [shape.announced(shape.blank(), 1), shape.announced({ ...shape.blank(), tamper: ["body", "secret"], rate: "5" }, 2000)], ["1 request", "2,000 requests, broken in 2 ways, 5 a second"]);
  is("clockText", shape.clockText(new Date("2026-01-29T10:30:00.123Z")), "2026-01-29T10:30:00Z");
  return { checks, failures };
})()
