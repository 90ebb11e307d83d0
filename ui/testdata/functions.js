// Checks of the page's pure functions, evaluated in the page. Answers {checks, failures}.
(async () => {
  const { layout, stringText } = await import("/common/json.js");
  const text = await import("/common/text.js");
  const { Model } = await import("/state/model.js");
  const place = await import("/state/place.js");
  const failures = [];
  let checks = 0;
  const is = (what, got, want) => {
    checks++;
    if (JSON.stringify(got) !== JSON.stringify(want)) failures.push(`${what} = ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  };
  const laid = (s) => layout(s).spans.map((x) => x.text).join("");

  // json.js: only whitespace is ours
  is("layout of a document", laid('{"a":[1,-2.50e+3,{"b":null}],"c":{},"d":[ ],"a":"\\u0000 \\" ,]"}'),
    '{\n  "a": [\n    1,\n    -2.50e+3,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": [],\n  "a": "\\u0000 \\" ,]"\n}');
  for (const s of ["null", "true", "1e400", '""', "[]", "{}", ' \n[\t]\r\n', '{"":{"":[[[]]]}}', '"\\ud83d"']) is("error of " + s, layout(s).error, "");
  for (const [s, error] of Object.entries({
    "": "it is empty", " \n": "it is empty", "[": "it ends too early", '{"a"': "it ends too early", "[1": "it ends too early", '{"a":': "it ends too early",
    "[1,]": "unexpected ] at character 4", "{,}": "unexpected , at character 2", '{"a":1,}': "unexpected } at character 8", "[1}": "unexpected } at character 3",
    "1 2": "unexpected 2 at character 3", "tru": "unexpected t at character 1", '"x': 'unexpected " at character 1', "{1:2}": "unexpected 1 at character 2",
    '{"a" 1}': "unexpected 1 at character 6", "]": "unexpected ] at character 1", ":": "unexpected : at character 1", "01": "unexpected 1 at character 2",
    "<script>": "unexpected < at character 1", "['a']": "unexpected ' at character 2", '"\n"': 'unexpected " at character 1', "😀": "unexpected 😀 at character 1",
  })) is("error of " + s, layout(s).error, error);
  for (const s of ['{"a":[1,{"b":[true,false,null,"x\\n"]}]}', '[[],{},[{}],"",0]']) is("meaning of " + s, JSON.parse(laid(s)), JSON.parse(s));
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  is("deep nesting is cut", [layout(deep).error, layout(deep).cut], ["", true]);
  is("many keys are cut", layout("[" + "1,".repeat(500_000) + "1]").cut, true);
  is("a long string", layout('"' + "\\n".repeat(500_000) + '"').error, "");
  is("a long number", layout("9".repeat(1_000_000)).error, "");
  is("kinds", layout('{"k":["s",1,true]}').spans.filter((s) => s.kind).map((s) => s.kind), ["key", "string", "number", "word"]);
  is("stringText", [stringText('"a\\u002fb"'), stringText("5"), stringText('"')], ["a/b", null, null]);

  // place.js: what is written is what is read, and nothing else is
  for (const p of [
    {}, { q: 'event:render.* "a&b=c#d" é😀' }, { view: "trigger" }, { open: "d17", pane: "compare", with: "d3" }, { view: "overview", q: "x", open: "d1" },
  ]) {
    const whole = { ...place.nowhere, ...p };
    is("place of " + place.text(whole), place.parse(place.text(whole)), whole);
  }
  for (const hash of ["", "#", "#code=abc", "#open=17", "#open=d", "#open=d1x", "#view=a/b", "#view=__PROTO__", "#pane=edit", "#with=d3"]) is("place of " + hash, place.parse(hash), place.nowhere);
  is("a search that is too long", place.parse("#q=" + "x".repeat(5000)).q.length, 4096);

  // text.js
  is("visible", text.visible("a\u202eb\u001b[2J\u009b\x00\u200b\ufeff\u2066\n\té😀\ud800"), "a\\u{202e}b\\x1b[2J\\x9b\\x00\\u{200b}\\u{feff}\\u{2066}\n\té😀\\u{d800}");
  is("oneLine", text.oneLine("a\r\n\tb"), "a\\x0d\\n\\tb");
  is("duration", [0, 0.44, 3.1, 9.96, 38.4, 999.4, 999.6, 1240, 59_949, 59_960, 125_000].map(text.duration),
    ["0.0 ms", "0.4 ms", "3.1 ms", "10 ms", "38 ms", "999 ms", "1.0 s", "1.2 s", "59.9 s", "1 min 0 s", "2 min 5 s"]);
  is("size", [0, 999, 1000, 4100, 999_949, 999_950, 1_200_000].map(text.size), ["0 B", "999 B", "1.0 kB", "4.1 kB", "999.9 kB", "1.0 MB", "1.2 MB"]);
  const now = new Date(2026, 0, 29, 12, 0, 0);
  is("ago", [0, 1.4, 12, 59, 61, 3600, 86_400, 3 * 86_400].map((s) => text.ago(new Date(now.getTime() - s * 1000), now)),
    ["just now", "just now", "12 s ago", "59 s ago", "1 min ago", "1 h ago", "24 h ago", "3 days ago"]);
  is("when", [text.when(now, now), /28/.test(text.when(new Date(2026, 0, 28, 23, 59), now))], ["12:00:00", true]);
  for (const s of ["https://cdn.pictify.io/a.png?x=1#y", "http://localhost:3000/"]) is("webLink " + s, text.webLink(s), s);
  for (const s of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.test", "http://u:p@evil.test", "https://u@evil.test",
    "http://a\u202eb.test", "http://a b", "http://a\\b", "http:evil.test", "https://", " https://a.test", "blob:https://a.test/x", "vbscript:x", "https://a.test/" + "x".repeat(3000)]) {
    is("webLink " + s.slice(0, 40), text.webLink(s), "");
  }
  is("hexLines", text.hexLines(new Uint8Array([0, 65, 255, 10])), "000000  00 41 ff 0a                                      .A..");
  is("kindOf", ["render.completed", "binding.failed", "x onclick=1", "", "constructor.failed"].map(text.kindOf), ["render", "binding failed", "other", "other", "other failed"]);
  const d = (more) => ({ seq: 1, rev: 1, verdict: "valid", state: "done", attempts: [], ...more });
  is("outcome", [
    text.outcome(d({ state: "waiting" })).text, text.outcome(d({ state: "kept" })).text, text.outcome(d({ state: "kept", verdict: "mismatch" })).text,
    text.outcome(d({ attempts: [{ status: 0, duration_ms: 1 }] })).text, text.outcome(d({ attempts: [{ status: 302, duration_ms: 1 }] })).tone,
  ], ["waiting", "recorded", "not sent", "no answer", "warn"]);

  // model.js
  const rows = (m) => m.rows.map((r) => r.seq + ":" + r.rev).join(" ");
  const frame = (rev, ...list) => ({ type: "deliveries", rev, deliveries: list.map(([seq, r]) => ({ seq, rev: r })) });
  const page = (more, ...seqs) => ({ more, next: seqs.at(-1), rev: seqs[0], total: 99, deliveries: seqs.map((seq) => ({ seq, rev: seq })) });
  const read = (m, p) => (m.all.begin(), m.older(p));
  let m = new Model();
  is("first hello asks for the list", m.receive({ type: "hello", epoch: "e", rev: 10 }), true);
  m.receive(frame(11, [3, 11])); // an old one changes before the list is here
  read(m, page(true, 10, 9, 8));
  is("no gap below the list", rows(m), "8:8 9:9 10:10");
  {
    const m = new Model();
    m.receive({ type: "hello", epoch: "e", rev: 20 });
    m.receive(frame(21, [15, 21]));
    read(m, page(true, 10, 9, 8));
    is("a list older than the hello is behind it", [m.behind, m.all.rev], [true, 10]);
    m.all.begin(); // older ones are being read
    m.receive(frame(22, [11, 22]));
    m.all.change([{ seq: 11, rev: 22 }]);
    m.forget([11]);
    m.older(page(false, 7));
    is("what is removed during a step stays so", rows(m), "7:7 8:8 9:9 10:10 15:21");
    m.select(9);
    m.forget([9]);
    m.step(1);
    is("the one below what has gone", m.selected, 8);
    m.select(9);
    m.step(-1);
    is("the one above it", m.selected, 10);
    m.marked = "d10";
    m.drafts.set("d10", {}).set("d8", {});
    m.forget([10]);
    is("what was begun goes with it", [m.marked, [...m.drafts.keys()].join()], ["", "d8"]);
    m.receive({ type: "hello", epoch: "another", rev: 1 });
    is("or with the store", m.drafts.size, 0);
  }
  m.receive(frame(14, [12, 12], [11, 13], [9, 14]));
  is("changes in any order", rows(m), "8:8 9:14 10:10 11:13 12:12");
  m.receive(frame(15, [2, 15]));
  is("changes below the list wait there", rows(m), "8:8 9:14 10:10 11:13 12:12");
  read(m, page(false, 7, 6));
  is("older", [rows(m), m.more, m.rev], ["6:6 7:7 8:8 9:14 10:10 11:13 12:12", false, 15]);
  read(m, { more: false, deliveries: [{ seq: 9, rev: 9 }] });
  is("an old revision changes nothing", m.row(9).rev, 14);
  is("line and row", [m.line(12), m.line(6), m.line(99), m.row(5)?.seq], [0, 6, -1, undefined]);
  m.step(1); is("step starts at the newest", m.selected, 12);
  m.step(2); is("step goes down", m.selected, 10);
  m.step(99); is("step stops at the end", m.selected, 6);
  is("a known store goes on", m.receive({ type: "hello", epoch: "e", rev: 15 }), false);
  is("reset asks for the list", [m.receive({ type: "reset" }), rows(m)], [true, ""]);
  read(m, page(false, 1));
  is("another store asks for the list", [m.receive({ type: "hello", epoch: "f", rev: 1 }), rows(m)], [true, ""]);
  is("frames of a newer pictap are let pass", m.receive({ type: "whatever" }), false);
  m = new Model();
  m.receive({ type: "hello", epoch: "e", rev: 0 });
  read(m, { ...page(false), rev: 0 });
  m.receive({ type: "deliveries", rev: 12_000, deliveries: Array.from({ length: 12_000 }, (_, i) => ({ seq: i + 1, rev: i + 1 })) });
  is("while following, 10,000 are kept", [m.rows.length, m.rows[0].seq, m.more], [10_000, 2001, true]);
  return { checks, failures };
})()
