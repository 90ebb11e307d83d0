// @ts-check
// What a chart is drawn from. Pure functions.

/** @typedef {import("../types.js").Chart} Chart */
/** @typedef {import("../types.js").ChartStep} ChartStep */

/**
 * The outcomes, from the bottom of a bar to its top: their name in the JSON, their words, and their colour.
 * @type {{name: "taken" | "recorded" | "unanswered" | "refused" | "unverified", words: string, color: string, why: string}[]}
 */
export const outcomes = [
  { name: "taken", words: "taken", color: "--ok", why: "The app answered 2xx." },
  { name: "recorded", words: "recorded", color: "--other", why: "There was no app to hand them to." },
  { name: "unanswered", words: "waiting", color: "--warn", why: "They wait for the app, or it broke off without an answer." },
  { name: "refused", words: "refused", color: "--bad", why: "The app answered something else than 2xx." },
  { name: "unverified", words: "unverified", color: "--binding", why: "The signature did not hold, so they were not handed on." },
];

/** The ranges that can be chosen; 0 is everything that is stored. @type {{name: string, words: string, ms: number}[]} */
export const ranges = [
  { name: "15m", words: "15 min", ms: 15 * 60_000 },
  { name: "1h", words: "1 h", ms: 3_600_000 },
  { name: "6h", words: "6 h", ms: 6 * 3_600_000 },
  { name: "24h", words: "24 h", ms: 24 * 3_600_000 },
  { name: "all", words: "all", ms: 0 },
];

/**
 * columns lays a chart out for drawing, with all its empty steps. Bars are stacked: each column has what is below it in
 * it, the highest first, so that they can be painted one over the other.
 * @param {Chart} chart
 * @returns {{starts: number[], steps: (ChartStep | undefined)[], middles: number[], stacks: number[][], p50: (number | null)[], p95: (number | null)[]}}
 */
export function columns(chart) {
  const step = chart.step_ms;
  const from = Date.parse(chart.from);
  const first = from - (((from % step) + step) % step);
  const count = Math.min(2_000, Math.max(1, Math.ceil((Date.parse(chart.to) - first) / step)));
  const starts = Array.from({ length: count }, (_, i) => first + i * step);
  /** @type {(ChartStep | undefined)[]} */
  const steps = new Array(count).fill(undefined);
  for (const s of chart.steps) {
    const i = Math.round((Date.parse(s.time) - first) / step);
    if (i >= 0 && i < count) steps[i] = s;
  }
  const stacks = outcomes.map((_, top) => steps.map((s) => (s ? outcomes.slice(0, top + 1).reduce((sum, o) => sum + s[o.name], 0) : 0)));
  return {
    starts, steps, middles: starts.map((t) => t + step / 2), stacks: stacks.reverse(),
    p50: steps.map((s) => (s?.answers ? s.p50_ms : null)),
    p95: steps.map((s) => (s?.answers ? s.p95_ms : null)),
  };
}

/**
 * totals adds up steps. The latencies are those of the slowest step: percentiles cannot be added.
 * @param {ChartStep[]} steps
 */
export function totals(steps) {
  const sum = { taken: 0, recorded: 0, unanswered: 0, refused: 0, unverified: 0, all: 0 };
  for (const s of steps) {
    for (const { name } of outcomes) {
      sum[name] += s[name];
      sum.all += s[name];
    }
  }
  return sum;
}

/**
 * searchOf is the search for what arrived from one time until before another, both in ms.
 * @param {number} from
 * @param {number} to
 */
export function searchOf(from, to) {
  /** @param {number} ms */
  const text = (ms) => new Date(ms).toISOString().replace(".000Z", "Z");
  return "after:" + text(from) + " before:" + text(to);
}

/**
 * covering widens a range in ms to whole steps, so that a search finds what the bars show.
 * @param {number[]} starts
 * @param {number} step
 * @param {number} from
 * @param {number} to
 * @returns {[number, number]}
 */
export function covering(starts, step, from, to) {
  const first = starts[0];
  /** @param {number} t */
  const index = (t) => Math.max(0, Math.min(starts.length - 1, Math.floor((t - first) / step)));
  return [starts[index(from)], starts[index(Math.max(from, to - 1))] + step];
}

const minute = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const second = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dayMinute = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayOnly = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/**
 * axisTime is a time as an axis has it whose marks are so many ms apart.
 * @param {number} ms
 * @param {number} apart
 */
export function axisTime(ms, apart) {
  const at = new Date(ms);
  if (apart >= 86_400_000) return dayOnly.format(at);
  if (at.getHours() === 0 && at.getMinutes() === 0 && apart >= 3_600_000) return dayOnly.format(at);
  return (apart < 60_000 ? second : minute).format(at);
}

/**
 * stepTime names a step: "10:42:10 to 10:42:20", or with the day when it is not now's.
 * @param {number} start
 * @param {number} step
 * @param {Date} now
 */
export function stepTime(start, step, now) {
  const [from, to] = [new Date(start), new Date(start + step)];
  const format = from.toDateString() !== now.toDateString() || step > 12 * 3_600_000 ? dayMinute : step < 60_000 ? second : minute;
  return format.format(from) + " to " + (format === dayMinute && step < 86_400_000 ? minute : format).format(to);
}
