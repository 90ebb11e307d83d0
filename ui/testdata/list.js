// Checks of what the list and its search are made of, evaluated in the page. Answers {checks, failures}.
(async () => {
  const w = await import("/common/words.js");
  const { Rows, isHollow } = await import("/state/rows.js");
  const { Marks, pinnedWord, unreadWord } = await import("/state/marks.js");
  const { Model } = await import("/state/model.js");
  const failures = [];
  let checks = 0;
  const is = (what, got, want) => {
    checks++;
    if (JSON.stringify(got) !== JSON.stringify(want)) failures.push(`${what} = ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  };

  // words.js
  const texts = (q) => w.words(q).map((x) => x.text);
  is("words", [texts(""), texts("  "), texts(" a  b "), texts('x:"a b",c d'), texts('"a \\" b" c'), texts('"open q'), texts("é😀 \u00a0x")],
    [[], [], ["a", "b"], ['x:"a b",c', "d"], ['"a \\" b"', "c"], ['"open q'], ["é😀", "x"]]);
  is("places of words", w.words(" ab  c ").map((x) => [x.start, x.end]), [[1, 3], [5, 6]]);
  is("toggleWord", [w.toggleWord("", "a"), w.toggleWord("a", "a"), w.toggleWord("x  a y", "a"), w.toggleWord('"a b"', "a")], ["a", "", "x y", '"a b" a']);
  is("toggleChoice", [
    w.toggleChoice("", "state:", "failed"), w.toggleChoice("x state:failed y", "state:", "held"), w.toggleChoice("x state:failed,held y", "state:", "failed"),
    w.toggleChoice("state:held", "state:", "held"), w.toggleChoice("!state:held", "state:", "held"),
  ], ["state:failed", "x state:failed,held y", "x state:held y", "", "!state:held state:held"]);
  is("choices in quotes", [w.toggleChoice('event:"a,\\"b",c', "event:", "d"), w.choices('event:"a,b",c,"', "event:")], ['event:"a,\\"b",c,d', ['"a,b"', "c", '"']]);
  is("choices", [w.choices("a event:b,c d", "event:"), w.choices("!event:b", "event:"), w.choices("event:", "event:")], [["b", "c"], [], []]);
  is("quote", ["a.b_c-d", "a b", 'a"b\\', "", "-x", "a*", "a,b", "<img>"].map(w.quote), ["a.b_c-d", '"a b"', '"a\\"b\\\\"', '""', '"-x"', '"a*"', '"a,b"', '"<img>"']);
  const vocabulary = [{ key: "event:", meaning: "m", values: ["render.*", "render.failed", "batch.failed"] }, { key: "state:", meaning: "m", values: ["held", "done"] }, { key: "status:", meaning: "", values: [] }];
  const go = (q, caret = q.length, events = []) => w.complete(q, caret, vocabulary, events).map((p) => p.text);
  is("complete", [go(""), go("st"), go("x st"), go("!st"), go("zz"), go("event:"), go("event:fail"), go("event:render.*,b"), go("event:render.*,"), go('event:"'), go("what:x"), go("state:held")],
    [["event:", "state:", "status:"], ["state:", "status:"], ["state:", "status:"], ["!state:", "!status:"], [], ["render.*", "render.failed", "batch.failed"], ["render.failed", "batch.failed"],
      ["batch.failed"], ["render.failed", "batch.failed"], [], [], []]);
  is("complete in the middle", w.complete("a st b", 4, vocabulary, [])[0], { text: "state:", meaning: "m", q: "a state:b", caret: 8, complete: false });
  is("complete a value", w.complete("x !event:re", 11, vocabulary, [])[0], { text: "render.*", meaning: "", q: "x !event:render.* ", caret: 18, complete: true });
  is("complete with what was seen", go("event:od", 8, ['odd "one"\u202e']), ['"odd \\"one\\"\u202e"']);
  is("around", [w.around("hello evnt:x y", 6), w.around("abc", 3), w.around("", 9)],
    [{ before: "hello ", wrong: "evnt:x", after: " y" }, { before: "abc", wrong: " ", after: "" }, { before: "", wrong: " ", after: "" }]);
  is("around cuts", w.around("a".repeat(100) + " " + "b".repeat(100), 101).wrong.length, 41);

  // rows.js
  const d = (seq, rev = seq) => ({ seq, rev, attempts: [] });
  const page = (more, next, ...list) => ({ more, next, rev: 0, total: 0, q: "", deliveries: list });
  const shows = (r) => r.rows.map((x) => x.seq + ":" + x.rev).join(" ");
  let r = new Rows();
  r.begin();
  r.step(page(true, 5, d(9), d(7), d(5)));
  r.begin(); // while a step is on its way, one below the list changes, one leaves
  r.change([d(3, 20), d(6, 21)]);
  r.lose([4], 22);
  r.step(page(false, 2, d(4), d(3), d(2)));
  is("what changes during a step", shows(r), "2:2 3:20 5:5 6:21 7:7 9:9");
  r.begin();
  r.lose([7], 30);
  r.step(page(false, 1, d(7, 31), d(1)));
  is("what comes back during a step", shows(r), "1:1 2:2 3:20 5:5 6:21 7:31 9:9");
  is("near", [9, 8, 7, 4, 1, 0, 100].map((seq) => r.near(seq)), [0, 1, 1, 4, 6, 6, 0]);
  is("near nothing", new Rows().near(3), 0);
  r = new Rows();
  r.begin();
  r.step(page(true, 50_000, ...Array.from({ length: 20_000 }, (_, i) => d(69_999 - i))));
  r.trim(false, 100);
  is("far rows are hollow", [r.rows.length, r.full, isHollow(r.rows[0]), isHollow(r.rows.at(-1)), r.row(50_000), r.line(50_000), r.rows[0].attempts.length], [20_000, 3101, true, false, undefined, 19_999, 0]);
  r.fill(page(true, 50_000, ...Array.from({ length: 10 }, (_, i) => d(50_011 - i)).filter((x) => x.seq !== 50_005)), 50_012);
  is("filled", [r.row(50_011)?.seq, r.row(50_002)?.seq, r.line(50_005), r.line(50_000), r.full], [50_011, 50_002, -1, -1, 3110]);
  r.begin();
  r.trim(true, 0);
  r.step(page(true, 49_000, d(49_999), d(49_000)));
  is("a step from before rows were let go of", [r.rows.length, r.next, r.more], [10_000, 60_000, true]);

  // marks.js
  localStorage.clear();
  let heard = 0;
  const marks = new Marks(() => heard++);
  marks.open("e");
  is("nothing is unread before anything is known", [marks.isUnread(1), marks.known], [false, false]);
  marks.begin(10);
  marks.see(12);
  marks.see(15);
  marks.see(3, false);
  is("unread", [3, 10, 11, 12, 13, 15, 16].filter((n) => marks.isUnread(n)), [3, 11, 13, 16]);
  is("unread, as a word", unreadWord(marks), "d3,d11,d13..d14,d16..");
  for (let i = 1; i <= 100; i++) marks.pin(i);
  is("at most 100 pins", [marks.pin(101), marks.pin(7), marks.pin(101), marks.pins.size], [false, true, true, 100]);
  is("pins, as a word", pinnedWord(marks).split(",").length, 100);
  const again = new Marks(() => {});
  again.open("e");
  is("kept", [again.pins.size, again.isUnread(3), again.isUnread(12)], [100, true, false]);
  marks.seeAll(20);
  is("all read", [unreadWord(marks), marks.isUnread(3)], ["d21..", false]);
  for (let i = 0; i < 2500; i++) marks.see(100 + 2 * i);
  is("a bounded number of marks", [marks.read.size <= 2000, marks.isUnread(4101), marks.isUnread(4098), marks.isUnread(6000)], [true, true, false, true]);
  for (const text of ["", "{", "null", "[]", '{"upTo":"x"}', '{"upTo":1e99}', '{"upTo":1,"pins":[null,-1,"d1",{}]}']) {
    localStorage.setItem("pictap.marks.bad", text);
    marks.open("bad");
    is("kept as " + text, marks.pins.size, 0);
  }
  for (const e of ["a", "b", "c", "d", "f", "g", "h"]) {
    marks.open(e);
    marks.begin(1);
  }
  is("marks of five stores are kept", Object.keys(localStorage).filter((k) => k.startsWith("pictap.marks.") && !k.endsWith("bad")).length, 5);
  localStorage.clear();

  // model.js
  const m = new Model();
  m.receive({ type: "hello", epoch: "e", rev: 10 });
  m.all.begin();
  m.older({ ...page(false, 0, d(3), d(2), d(1)), rev: 10, total: 3 });
  m.pause(true);
  m.receive({ type: "deliveries", rev: 13, deliveries: [d(2, 11), d(4, 12), d(5, 13)] });
  is("paused", [shows(m.all), m.unseen, m.rev, m.all.rev], ["1:1 2:2 3:3", 2, 13, 10]);
  is("a reset while paused waits", [m.receive({ type: "reset" }), shows(m.all), m.stale], [false, "1:1 2:2 3:3", true]);
  m.stale = false;
  m.pause(false);
  m.receive({ type: "deliveries", rev: 14, deliveries: [d(6, 14)] });
  is("until it has caught up, it takes nothing directly", [shows(m.all), m.behind], ["1:1 2:2 3:3", true]);
  m.catchUp(m.all, { deliveries: [d(2, 11), d(4, 12), d(5, 13), d(6, 14)], gone: [], rev: 14, total: 6 });
  is("caught up", [shows(m.all), m.all.rev, m.all.total], ["1:1 2:11 3:3 4:12 5:13 6:14", 14, 6]);
  m.receive({ type: "removed", ids: ["d4"] });
  is("removed", [shows(m.all), m.all.total], ["1:1 2:11 3:3 5:13 6:14", 5]);
  m.catchUp(m.all, { deliveries: [d(4, 12)], gone: [], rev: 14, total: 5 });
  is("an answer from before brings nothing back", shows(m.all), "1:1 2:11 3:3 5:13 6:14");
  m.say("one", "ok");
  m.say("two", "bad");
  m.say("one", "ok");
  is("notices do not repeat themselves", m.notices.map((n) => n.text), ["one", "two"]);
  for (let i = 0; i < 9; i++) m.say("n" + i, "ok");
  is("the newest notices stay", m.notices.map((n) => n.text), ["n8", "n7", "n6", "n5"]);
  return { checks, failures };
})()
