// Checks of what an open delivery shows, evaluated in the page. Answers {checks, failures}.
(async () => {
  const { scan, layout } = await import("/common/json.js");
  const { Tree } = await import("/delivery/tree.js");
  const { pathText, searchFor } = await import("/delivery/treepath.js");
  const { quote, quoted } = await import("/common/words.js");
  const { axis, outlook } = await import("/delivery/attempts.js");
  const { age } = await import("/delivery/signature.js");
  const { claimWords, factWords } = await import("/delivery/picture.js");
  const { fieldLines } = await import("/delivery/fields.js");
  const failures = [];
  let checks = 0;
  const is = (what, got, want) => {
    checks++;
    if (JSON.stringify(got) !== JSON.stringify(want)) failures.push(`${what} = ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  };

  // json.js
  const told = [];
  is("scan", scan('{"a":[1,true]}', {
    key: (s, e) => void told.push("key " + s + " " + e), value: (k, s, e) => void told.push(k + " " + s + " " + e),
    open: (m, s) => void told.push(m + " " + s), close: (m, s) => void told.push(m + " " + s),
  }), { error: "", stopped: false });
  is("what scan tells", told.join(", "), "{ 0, key 1 4, [ 5, number 6 7, word 8 12, ] 12, } 13");
  is("a scan that is stopped", scan("[1,2]", { key() {}, value: () => true, open() {}, close() {} }), { error: "", stopped: true });

  // tree.js: the tokens of the tree are those of the text
  const shape = (source, open) => {
    const t = new Tree(source);
    const all = open ?? new Set(Array.from({ length: t.count }, (_, i) => i));
    return t.rows(all, new Map()).map((r) => "  ".repeat(r.depth) + (r.type === "item" ? (t.key(r.node) && t.key(r.node) + ": ") + (t.folds(r.node) && all.has(r.node) ? "{[".charAt(t.kind[r.node]) : t.text(r.node)) : r.type === "close" ? "}]".charAt(t.kind[r.node]) : r.type) + (r.last ? "" : r.type === "item" && t.folds(r.node) && all.has(r.node) ? "" : ",")).join("\n");
  };
  const rich = '{"a":[1,-2.50e+3,{"b":null}],"c":{},"d":[],"a":"\\u0000 \\" ,]"}';
  is("an unfolded tree is the layout", shape(rich), layout(rich).spans.map((s) => s.text).join(""));
  is("a folded tree", shape('{"a":{"b":[1]},"c":2}', new Set([0])), '{\n  "a": {"b":[1]},\n  "c": 2\n}');
  for (const s of ["null", "1e400", '""', "[]", "{}", '"a"']) is("a tree of " + s, shape(s), s);
  is("no tree", [new Tree("").count, new Tree("").rows(new Set(), new Map())], [0, []]);
  is("a tree that breaks off", [shape('{"a":[1,2'), new Tree('{"a":[1,2').error], ['{\n  "a": [\n    1,\n    2', "it ends too early"]);
  is("a tree that goes wrong", [shape('[1,{"x":tru}]'), new Tree('[1,{"x":tru}]').error], ["[\n  1,\n  {}".replace("{}", '{"x":tru}]'), "unexpected t at character 9"]);
  const t = new Tree('{"event":"x","data":{"a.b":{"c d":["p",{"é":5}]},"data":1,"":2,"*":"a*b","q\\"":"x"},"n":-5}');
  const at = (path) => Array.from({ length: t.count }, (_, i) => i).find((i) => JSON.stringify(t.steps(i)) === JSON.stringify(path));
  is("steps", t.steps(6), ["data", "a.b", "c d", "1", "é"].slice(0, t.steps(6).length));
  is("a path with what needs quotes", pathText(["data", "a.b", "c d", "1", "é", "", "*"]), 'data."a.b"."c d".1.é."".\"*\"');
  is("plain path", pathText(["data", "variables", "title"]), "data.variables.title");
  is("searches", [searchFor(t, at(["event"])), searchFor(t, at(["data", "a.b", "c d", "1", "é"])), searchFor(t, at(["data", "*"])), searchFor(t, at(["n"])), searchFor(t, at(["data"])), searchFor(t, at(["data", ""])), searchFor(t, at(["data", 'q"']))],
    ["event:x", 'data."a.b"."c d".1.é:5', 'data."*":"a*b"', '"-5"', "", '"2"', 'data."q\\"":x']);
  is("no search for half a character", searchFor(new Tree('{"data":{"x":"\\ud83d"}}'), 2), "");
  is("no search for a book", searchFor(new Tree('{"data":{"x":"' + "a".repeat(2000) + '"}}'), 2), "");
  is("quoted", quoted('a"b\\c'), '"a\\"b\\\\c"');
  is("quote", ["render.completed", "a b", 'x"\\y', "", "é", "*", "-x"].map(quote), ["render.completed", '"a b"', '"x\\"\\\\y"', '""', "é", '"*"', '"-x"']);
  is("repeats", [...new Tree('{"a":1,"b":2,"\\u0061":3,"a":4}').repeats(0)], [3, 4]);
  const found = new Tree('{"title":"The Title","x":["titles","{}"]}').find("title");
  is("find", found.map((m) => [m.node, m.inKey, m.at, m.length]), [[1, true, 1, 5], [1, false, 5, 5], [3, false, 1, 5]]);
  is("find takes no pattern", [new Tree('["a.c","abc"]').find("a.c").length, new Tree('["(("]').find("((").length, new Tree("[1]").find("").length], [1, 1, 0]);
  is("find passes by what is between", new Tree('{"a":1,"b":[2]}').find(":").length, 0);
  const many = new Tree("[" + "1,".repeat(400_000) + "1]");
  is("a long list", [many.rows(many.firstLook(), new Map()).length, many.size[0]], [103, 400_001].map((n, i) => (i === 0 ? 103 : n)));
  const shown = new Map();
  const open = many.firstLook();
  many.reveal(350_000, open, shown);
  is("reveal", [shown.get(0), many.rows(open, shown).length, many.rows(open, shown, 400_000).some((r) => r.node === 350_000)], [350_100, 1001, true]);
  const before = performance.now();
  const deep = new Tree("[".repeat(100_000) + "]".repeat(100_000));
  is("a deep one", [deep.error, deep.count, deep.level(99_999), deep.rows(new Set(Array.from({ length: 100_000 }, (_, i) => i)), new Map()).length], ["", 100_000, 100_000, 1001]);
  is("and soon", performance.now() - before < 20_000, true);
  is("first look goes as deep as it may", [deep.firstLook(20).size <= 20, deep.firstLook().has(0)], [true, true]);

  // attempts.js
  const arrived = new Date("2026-01-29T10:00:00Z").getTime();
  const a = (ms, took) => ({ time: new Date(arrived + ms).toISOString(), duration_ms: took });
  const x = axis(arrived, [a(2, 18), a(600_000, 23)]);
  is("the axis goes from the arrival to the end", [x.place(0), x.place(600_023), x.total], [0, 100, 600_023]);
  is("the axis goes forward", x.place(2) < x.place(20) && x.place(20) < x.place(600_000), true);
  is("a short attempt is to be seen beside a long wait", x.place(20) - x.place(2) > 5, true);
  is("an axis of nothing", axis(arrived, [a(-5, 0)]).place(0), 0);
  const p = { attempt: 1, made: 1, of: 6, next: [], gives_up: false };
  is("outlook", [
    outlook(p),
    outlook({ ...p, failing: "no-success", next: [60, 300, 1800, 7200, 86400] }),
    outlook({ ...p, failing: "redirects", made: 5, next: [86400] }),
    outlook({ ...p, failing: "too-slow", made: 6, gives_up: true }),
  ], [
    "Pictify would count it as received, and be done.",
    "Pictify would retry in 1 minute, then after 5 minutes, 30 minutes, 2 hours and 24 hours: only a 2xx counts. 5 attempts left; if all fail, the subscription is disabled.",
    "Pictify, after 5 attempts, would retry in 24 hours: a redirect is no 2xx. 1 attempt left; if all fail, the subscription is disabled.",
    "Pictify would give up: it took longer than 30 s, and that was the last of 6 attempts. The subscription would be disabled.",
  ]);

  // signature.js
  is("age", [0, 300, -300, 301, -4000, 200_000].map((n) => age({ age: n, tolerance: 300 }).split(":")[0]),
    ["0 s, in time", "5 min 0 s, in time", "5 min 0 s from the future, in time", "5 min 1 s, too far from the arrival", "66 min 40 s from the future, too far from the arrival", "2 days, too far from the arrival"]);

  // picture.js
  const c = (what, claimed, real, ok = false) => claimWords({ what, claimed, real, ok });
  is("claims", [c("size", "1200×630", "1200×630", true), c("size", "1200×630", "600×315"), c("size", "1×1", ""), c("format", "png", "svg"), c("type", "image", ""), c("ending", ".png", "html"), c("pages", "3", "2"), c("ending", ".png", "png", true)], [
    "1200×630 as claimed", "the payload says 1200×630, the picture is 600×315", "the payload says 1×1, the picture is of a size that cannot be told",
    "the payload says that its format is png, it is SVG, which can run programs", "the payload says that it is of type image, it is something else", "its address ends in .png, it is a web page",
    "the payload says 3 pages, it has 2", "ending .png as claimed",
  ]);
  is("facts", [factWords({ type: "gif", width: 1200, height: 630, frames: 24, pages: 0, bytes: 48_000 }), factWords({ type: "pdf", width: 595, height: 842, frames: 0, pages: 1, bytes: 900 }), factWords({ type: "constructor", width: 0, height: 0, frames: 0, pages: 0, bytes: 0 })],
    ["GIF, 1,200×630 pixels, 24 frames, 48.0 kB", "PDF, 595×842 points, 1 page, 900 B", "something that is no picture, 0 B"]);
  is("header lines", fieldLines([["A", "1"], ["A", "2"]]), "A: 1\nA: 2\n");
  return { checks, failures };
})()
