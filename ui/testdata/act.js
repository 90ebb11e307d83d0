// Checks of the pure functions behind edit and compare, evaluated in the page. Answers {checks, failures}.
(async () => {
  const { coloured, compact, escapeUnseen, laidOut, lineStart, unseenIn } = await import("/delivery/edittext.js");
  const { diff, diffBodies, diffFields, diffText, elements, parse, runs } = await import("/delivery/diff.js");
  const failures = [];
  let checks = 0;
  const is = (what, got, want) => {
    checks++;
    if (JSON.stringify(got) !== JSON.stringify(want)) failures.push(`${what} = ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  };

  // edittext.js: tokens stay as they were written
  const exact = '{"a":1.50e+3,"b":[12345678901234567890,"\\u00e9\\" ,]","x y"],"a":{},"c":[]}';
  is("laidOut then compact", compact(laidOut(exact)), exact);
  is("laidOut of broken", [laidOut("{"), laidOut(""), compact("[1,]")], [null, null, null]);
  is("blanks in strings stay", compact('{ "a b" : "c  d\\n" }'), '{"a b":"c  d\\n"}');
  for (const text of [exact, laidOut(exact), "", "{", '[1, "x', "{'a'", "[1 1]", '["a","a","a"]', " \n[ true ,null]\n", '{"1":1}']) is("coloured is the text " + text, coloured(text).map((s) => s.text).join(""), text);
  is("colours", coloured('{"k":["s",1,true]}').map((s) => s.kind).filter(Boolean), ["key", "string", "number", "word"]);
  is("coloured ends at the error", coloured('[1,"a" x, 2]').filter((s) => s.kind).map((s) => s.text), ["1", '"a"']);
  is("lineStart", [1, 2, 3, 4].map((n) => lineStart("ab\n\ncd", n)), [0, 3, 4, 4]);
  is("unseenIn", [unseenIn("a\tb\né😀"), unseenIn("a\nb\u202ec\u200b")], [null, { count: 2, line: 2, name: "U+202E" }]);
  is("escapeUnseen", JSON.parse(escapeUnseen('"a\u202eb\u{e0041}é\ud800"')), "a\u202eb\u{e0041}é\ud800");
  is("escapeUnseen leaves nothing", unseenIn(escapeUnseen("\u202e\u{e0041}\ufeff")), null);

  // diff.js
  const lines = (a, b) => diff(parse(a), parse(b)).map((l) => l.sign + "  ".repeat(l.depth) + l.text + (l.volatile ? " ~" : ""));
  is("same", lines('{"a":[1,{}]}', '{"a":[1,{}]}'), [" {", '   "a": [', "     1,", "     {}", "   ]", " }"]);
  is("a number by its digits", lines("[12345678901234567890]", "[12345678901234567891]"), [" [", "-  12345678901234567890", "+  12345678901234567891", " ]"]);
  is("1.0 is not 1", lines("1.0", "1"), ["-1.0", "+1"]);
  is("members by name", lines('{"a":1,"b":2,"c":3}', '{"c":3,"b":4,"d":5}'), [" {", '-  "a": 1,', '-  "b": 2,', '+  "b": 4,', '   "c": 3,', '+  "d": 5', " }"]);
  is("repeated members", lines('{"a":1,"a":2}', '{"a":1,"a":3}'), [" {", '   "a": 1,', '-  "a": 2', '+  "a": 3', " }"]);
  is("another kind", lines('{"a":{"b":1}}', '{"a":[]}'), [" {", '-  "a": {', '-    "b": 1', "-  }", '+  "a": []', " }"]);
  is("elements", lines("[1,2,3,4]", "[1,3,4,5]"), [" [", "   1,", "-  2,", "   3,", "   4,", "+  5", " ]"]);
  is("an element that changed", lines('[{"x":1,"y":2}]', '[{"x":1,"y":3}]'), [" [", "   {", '     "x": 1,', '-    "y": 2', '+    "y": 3', "   }", " ]"]);
  is("what always differs", lines('{"timestamp":"a","imageId":"1","width":1}', '{"timestamp":"b","imageId":"2","width":2}'),
    [" {", '-  "timestamp": "a", ~', '+  "timestamp": "b", ~', '-  "imageId": "1", ~', '+  "imageId": "2", ~', '-  "width": 1', '+  "width": 2', " }"]);
  is("times by their form", lines('["2026-01-29T10:30:00Z"]', '["2026-01-30T10:30:00Z"]').filter((l) => l.endsWith("~")).length, 2);
  is("templateId is no passing id", lines('{"templateId":"a"}', '{"templateId":"b"}').some((l) => l.endsWith("~")), false);
  is("__proto__ is a name", lines('{"__proto__":1}', '{"__proto__":2}'), [" {", '-  "__proto__": 1', '+  "__proto__": 2', " }"]);
  is("an empty list", elements([], []), []);
  is("too deep", parse("[".repeat(100) + "]".repeat(100)), null);
  is("too long", parse("[" + "1,".repeat(50_000) + "1]"), null);
  is("no JSON", [parse(""), parse("{"), parse("x")], [null, null, null]);
  is("text by lines", diffText("a\nb\nc", "a\nx\nc").map((l) => l.sign + l.text), [" a", "-b", "+x", " c"]);
  is("the same meaning", diffBodies('{"a":1,"b":2}', '{"b":2, "a":1}').note !== "", true);
  is("one is no JSON", diffBodies("{}", "x").lines.map((l) => l.sign + l.text), ["-{}", "+x"]);
  is("equal bodies", diffBodies("x", "x"), { lines: [{ sign: " ", depth: 0, text: "x", volatile: false }], note: "" });
  is("fields", diffFields([["A", "1"], ["Date", "x"], ["B", "2"], ["b", "3"]], [["a", "1"], ["date", "y"], ["b", "2"], ["C", "4"]]).map((l) => l.sign + l.text + (l.volatile ? " ~" : "")),
    [" A: 1", "-Date: x ~", "+date: y ~", " B: 2", "-b: 3", "+C: 4"]);
  const many = Array.from({ length: 10 }, (_, i) => ({ sign: i === 5 ? "-" : " ", depth: 0, text: String(i), volatile: false }));
  is("runs", runs(many, 1).map((x) => ("folded" in x ? x.folded.length : x.text)), [4, "4", "5", "6", 3]);
  is("no difference is one run", runs(many.slice(0, 5), 1).length, 1);

  // two lists give both back, whatever they are
  let seed = 7;
  const chance = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 300; round++) {
    const [a, b] = [0, 1].map(() => Array.from({ length: chance(9) }, () => ({ flat: String(chance(4)) })));
    const pairs = elements(a, b);
    const left = pairs.map(([l]) => l).filter((l) => l >= 0);
    const right = pairs.map(([, r]) => r).filter((r) => r >= 0);
    if (left.join() !== a.map((_, i) => i).join() || right.join() !== b.map((_, i) => i).join()) failures.push(`elements(${JSON.stringify([a, b])}) = ${JSON.stringify(pairs)}`);
    checks++;
  }
  const start = performance.now();
  diffText("a\n".repeat(40_000), "b\n".repeat(40_000));
  diffBodies("[" + "1,".repeat(9_000) + "1]", "[" + "2,".repeat(9_000) + "2]");
  const took = performance.now() - start;
  if (took > 20_000) failures.push("large ones take " + took + " ms");
  checks++;
  return { checks, failures };
})();
