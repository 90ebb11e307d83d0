// Checks of the pure functions of what is around the deliveries, evaluated in the page. Answers {checks, failures}.
(async () => {
  const charting = await import("/overview/charting.js");
  const { pulse } = await import("/frame/pulse.js");
  const { nextDue, joined, follows } = await import("/mock/mocking.js");
  const { lasting } = await import("/overview/about.js");
  const failures = [];
  let checks = 0;
  const is = (what, got, want) => {
    checks++;
    if (JSON.stringify(got) !== JSON.stringify(want)) failures.push(`${what} = ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  };
  const zero = { taken: 0, refused: 0, unanswered: 0, recorded: 0, unverified: 0, answers: 0, p50_ms: 0, p95_ms: 0 };
  const at = (s) => "2026-01-29T10:00:" + String(s).padStart(2, "0") + ".000Z";
  const t = (s) => Date.parse(at(s));

  // columns: every step there is, empty ones too; bars stacked, the whole bar first
  const chart = { from: at(7), to: at(41), step_ms: 10_000, steps: [
    { ...zero, time: at(10), taken: 3, refused: 1, unverified: 2, answers: 4, p50_ms: 5, p95_ms: 9 }, { ...zero, time: at(40), unanswered: 1 },
  ] };
  const cols = charting.columns(chart);
  is("starts", cols.starts, [0, 10, 20, 30, 40].map(t));
  is("middles", cols.middles, [5, 15, 25, 35, 45].map(t));
  is("stacks", cols.stacks, [[0, 6, 0, 0, 1], [0, 4, 0, 0, 1], [0, 3, 0, 0, 1], [0, 3, 0, 0, 0], [0, 3, 0, 0, 0]]);
  is("p50", cols.p50, [null, 5, null, null, null]);
  is("steps", cols.steps.map((s) => s?.taken ?? -1), [-1, 3, -1, -1, 0]);
  is("no time at all", charting.columns({ from: at(10), to: at(10), step_ms: 1000, steps: [] }).starts, [t(10)]);
  is("a chart of centuries is cut", charting.columns({ from: "0001-01-01T00:00:00.000Z", to: at(0), step_ms: 1000, steps: [] }).starts.length, 2_000);
  is("totals", charting.totals(chart.steps), { taken: 3, recorded: 0, unanswered: 1, refused: 1, unverified: 2, all: 7 });
  is("totals of none", charting.totals([]).all, 0);

  // searches: whole steps, whatever was dragged over
  is("search", charting.searchOf(t(10), t(20) + 500), "after:2026-01-29T10:00:10Z before:2026-01-29T10:00:20.500Z");
  const covering = (from, to) => charting.covering(cols.starts, 10_000, t(0) + from, t(0) + to).map((ms) => (ms - t(0)) / 1000);
  is("one step", covering(10_000, 20_000), [10, 20]);
  is("inside of one", covering(12_000, 13_000), [10, 20]);
  is("over several", covering(9_999, 30_001), [0, 40]);
  is("beyond both ends", covering(-99_000, 99_000), [0, 50]);
  is("nothing", covering(10_000, 10_000), [10, 20]);

  // times on an axis, in whatever zone the browser is
  const noon = new Date(2026, 0, 29, 12, 0, 5).getTime();
  is("seconds", charting.axisTime(noon, 10_000), "12:00:05");
  is("minutes", charting.axisTime(noon, 300_000), "12:00");
  is("midnight is a day", /29/.test(charting.axisTime(new Date(2026, 0, 29).getTime(), 3_600_000)), true);
  is("days", /29/.test(charting.axisTime(noon, 86_400_000)), true);
  is("a step today", charting.stepTime(noon, 10_000, new Date(noon)), "12:00:05 to 12:00:15");
  is("a longer one", charting.stepTime(noon - 5_000, 300_000, new Date(noon)), "12:00 to 12:05");
  is("on another day", /29.*12:00 to 12:00/.test(charting.stepTime(noon, 10_000, new Date(2026, 0, 30))), true);

  // the strip's little drawing
  const rows = [1, 2, 21, 21, 39, 40].map((s) => ({ time: at(s) }));
  is("pulse", pulse(rows, t(45), 10_000, 4), [0, 2, 1, 1]);
  is("pulse of nothing", pulse([], t(45), 10_000, 3), [0, 0, 0]);
  is("an old row among them", pulse([{ time: at(40) }, { time: at(0) }, { time: at(41) }], t(45), 10_000, 1), [2]);
  is("a clock that is ahead", pulse([{ time: at(59) }], t(45), 10_000, 2), [0, 0]);

  // the mock
  is("next", [-5, 0, 400, 9_940, 42_000, 250_000, 7_140_000].map(nextDue), ["now", "now", "in 0.4 s", "in 9.9 s", "in 42 s", "in 4 min 10 s", "in 1 h 59 min"]);
  const entry = (seq) => ({ seq });
  const old = [entry(1), entry(2)];
  is("nothing new is the same", joined(old, [entry(1), entry(2)]) === old, true);
  is("joined", joined(old, [entry(2), entry(3)]).map((e) => e.seq), [1, 2, 3]);
  is("the newest are kept", joined(old, Array.from({ length: 700 }, (_, i) => entry(i + 3))).length, 500);
  is("follows", [{ gave_up: true, subscription: "wh_1" }, { gave_up: true }, { wait: "5m" }, { wait: "" }].map(follows), ["given up, its subscription is disabled", "given up", "again after 5m", ""]);
  is("lasting", [0, 59_000, 60_000, 3_540_000, 4_980_000, 5 * 86_400_000].map(lasting), ["for less than a minute", "for less than a minute", "for 1 minute", "for 59 minutes", "for 1 h 23 min", "for 5 days"]);
  return { checks, failures };
})()
