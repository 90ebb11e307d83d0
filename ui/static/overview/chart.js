// @ts-check
// The chart of the overview: how many deliveries came and what became of them, and how long the app took.

import { Component, html, useEffect, useMemo, useState } from "../vendor/htm-preact.js";
import uPlot from "../vendor/uplot.js";
import { duration, plural } from "../common/text.js";
import { nowhere, text } from "../state/place.js";
import { useReading } from "../state/reading.js";
import { axisTime, columns, covering, outcomes, ranges, searchOf, stepTime, totals } from "./charting.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").Chart} ChartOf */
/** @typedef {import("../types.js").ChartStep} ChartStep */
/** @typedef {ReturnType<typeof columns>} Columns */

const remembered = "pictap.chart.range";

/** @param {{model: Model}} props */
export function Chart({ model }) {
  const [range, setRange] = useState(() => ranges.find((r) => r.name === sessionStorage.getItem(remembered)) ?? ranges[1]);
  const [at, setAt] = useState(/** @type {number | null} */ (null)); // when the step begins that is pointed at, in ms
  const theme = useTheme();
  const path = () => "/api/chart" + (range.ms ? "?from=" + (Date.now() - range.ms) : "");
  const { data, trouble } = useReading(model, path, { key: range.name, pause: 2_000, tick: range.ms && range.ms <= 3_600_000 ? 5_000 : 30_000 });
  /** @type {ChartOf | null} */
  const chart = data;
  const cols = useMemo(() => chart && columns(chart), [chart]);

  /** @param {number} from @param {number} to */
  const search = (from, to) => {
    if (cols && chart) model.go({ ...nowhere, q: searchOf(...covering(cols.starts, chart.step_ms, from, to)) });
  };
  /** @param {(typeof ranges)[0]} r */
  const choose = (r) => {
    sessionStorage.setItem(remembered, r.name);
    setRange(r);
    setAt(null);
  };
  const place = cols && at !== null ? cols.starts.indexOf(at) : -1; // moves to the left as time goes on
  const pointed = place < 0 ? null : place;
  /** @param {number | null} i */
  const point = (i) => setAt(i === null || !cols ? null : cols.starts[i]);
  return html`
    <section class="chart" aria-label="Deliveries over time">
      <header>
        <h2>Deliveries over time</h2>
        <div class="choices" role="group" aria-label="Range">
          ${ranges.map((r) => html`<button aria-pressed=${r === range} onClick=${() => choose(r)}>${r.words}</button>`)}
        </div>
      </header>
      ${trouble && html`<p class="trouble" role="status">The chart could not be read: ${trouble}</p>`}
      ${chart && cols
        ? html`
            <${Legend} chart=${chart} cols=${cols} at=${pointed} />
            <${Plots} key=${theme} cols=${cols} step=${chart.step_ms} at=${pointed} onPoint=${point} onRange=${search} label=${summary(chart)} />
            <p class="hint">Click a bar, or drag over several, to list them. ${chart.steps.length === 0 ? "Nothing has arrived in this time." : ""}</p>
            <${Table} chart=${chart} />`
        : !trouble && html`<div class="plots" aria-busy="true" />`}
    </section>`;
}

/** useTheme gives another value when the page's colours have changed. @returns {number} */
function useTheme() {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const changed = () => setTurn((/** @type {number} */ n) => n + 1);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", changed);
    const chosen = new MutationObserver(changed);
    chosen.observe(document.documentElement, { attributes: true });
    return () => {
      dark.removeEventListener("change", changed);
      chosen.disconnect();
    };
  }, []);
  return turn;
}

/** summary is the chart in a sentence, for those who do not see it. @param {ChartOf} chart */
function summary(chart) {
  const sum = totals(chart.steps);
  const parts = outcomes.filter((o) => sum[o.name] > 0).map((o) => sum[o.name].toLocaleString() + " " + o.words);
  return plural(sum.all, "delivery", "deliveries") + (parts.length > 0 ? ": " + parts.join(", ") : "") + ". Left and right go from step to step, enter lists its deliveries.";
}

/**
 * Legend has the numbers of the step that is pointed at, and of the whole range else.
 * @param {{chart: ChartOf, cols: Columns, at: number | null}} props
 */
function Legend({ chart, cols, at }) {
  const step = at === null ? undefined : cols.steps[at];
  const sum = totals(at === null ? chart.steps : step ? [step] : []);
  const whole = totals(chart.steps);
  return html`
    <div class="legend" aria-live=${at === null ? "off" : "polite"}>
      <b class="number">${at === null ? plural(sum.all, "delivery", "deliveries") : stepTime(cols.starts[at], chart.step_ms, new Date())}</b>
      ${outcomes.filter((o) => whole[o.name] > 0 || o.name === "taken").map((o) => html`
        <span title=${o.why}><i class=${"swatch " + o.name} aria-hidden="true" />${o.words} <b class="number">${sum[o.name].toLocaleString()}</b></span>`)}
      <span class="latency" title="How long the app took to answer: half of the answers at most so long, and 95 of 100">
        ${step?.answers
          ? html`<i class="swatch p50" aria-hidden="true" />p50 <b class="number">${duration(step.p50_ms)}</b> <i class="swatch p95" aria-hidden="true" />p95 <b class="number">${duration(step.p95_ms)}</b>`
          : html`<i class="swatch p50" aria-hidden="true" />p50 <i class="swatch p95" aria-hidden="true" />p95 of the app's answers`}
      </span>
    </div>`;
}

/**
 * @typedef {object} PlotsProps
 * @property {Columns} cols
 * @property {number} step
 * @property {number | null} at
 * @property {(at: number | null) => void} onPoint
 * @property {(from: number, to: number) => void} onRange
 * @property {string} label
 */

/** Plots are the two drawings, one under the other, with one time axis. They are made anew when the colours change. */
class Plots extends Component {
  /** @returns {PlotsProps} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  componentDidMount() {
    this.keyed = false; // whether the keyboard has chosen the step
    const width = this.width();
    /** @type {uPlot[]} */
    this.plots = [
      new uPlot(this.bars(width), this.data()[0], this.base),
      new uPlot(this.lines(width), this.data()[1], this.base),
    ];
    this.resized = new ResizeObserver(() => {
      if (this.width() > 0) for (const p of this.plots) p.setSize({ width: this.width(), height: p.height });
    });
    this.resized.observe(this.base);
  }

  componentWillUnmount() {
    this.resized.disconnect();
    for (const p of this.plots) p.destroy();
    this.plots = [];
  }

  width() {
    return this.base.clientWidth;
  }

  /** The drawings are not Preact's to compare: only what came from the server makes them draw again. @param {PlotsProps} next */
  shouldComponentUpdate(next) {
    const fresh = next.cols !== this.own.cols;
    const renamed = next.label !== this.own.label;
    this.props = /** @type {any} */ (next);
    if (fresh) this.data().forEach((d, i) => this.plots[i].setData(d));
    if (fresh && this.keyed) queueMicrotask(() => this.mark()); // after uPlot's own, which draws
    return renamed;
  }

  /** @returns {[any, any]} */
  data() {
    const { cols } = this.own;
    return [[cols.middles, ...cols.stacks], [cols.middles, cols.p50, cols.p95]];
  }

  /** What both drawings have. @param {number} width @param {number} height */
  shared(width, height) {
    const muted = color("--text-3");
    const grid = { stroke: color("--line"), width: 1 };
    const axis = { stroke: muted, font: "11px " + getComputedStyle(document.body).fontFamily, grid, ticks: { show: false }, gap: 4 };
    return {
      width, height, ms: /** @type {1} */ (1), legend: { show: false },
      cursor: {
        y: false, points: { show: false }, sync: { key: "pictap-overview" }, drag: { x: true, y: false, setScale: false, dist: 4 },
      },
      scales: { x: { time: true, range: () => this.span() } },
      hooks: {
        setCursor: [(/** @type {uPlot} */ u) => {
          if (this.keyed) return;
          const at = u.cursor.left !== undefined && u.cursor.left >= 0 ? u.cursor.idx ?? null : null;
          if (at !== this.own.at) this.own.onPoint(at);
        }],
        setSelect: [(/** @type {uPlot} */ u) => {
          if (u.select.width < 4) return;
          this.dragged = true;
          const [from, to] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          this.own.onRange(from, to);
        }],
      },
      axis,
    };
  }

  /** span is the time from the first step's beginning to the last one's end. @returns {[number, number]} */
  span() {
    const { cols, step } = this.own;
    return [cols.starts[0], /** @type {number} */ (cols.starts.at(-1)) + step];
  }

  /** @param {number} width */
  bars(width) {
    const { axis, ...shared } = this.shared(width, 190);
    const paths = uPlot.paths.bars?.({ size: [0.82, 36, 1], radius: 0 });
    return {
      ...shared,
      scales: { ...shared.scales, y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ most) => [0, Math.max(4, (most ?? 0) * 1.08)] } },
      axes: [
        { ...axis, size: 20, values: times },
        { ...axis, size: 44, space: 34, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6], values: (/** @type {any} */ _, /** @type {number[]} */ list) => list.map((n) => n.toLocaleString()) },
      ],
      series: [{}, ...[...outcomes].reverse().map((o) => ({ paths, fill: color(o.color), width: 0, points: { show: false } }))],
    };
  }

  /** @param {number} width */
  lines(width) {
    const { axis, ...shared } = this.shared(width, 118);
    const line = (/** @type {string} */ name, /** @type {number[]} */ dash) => ({
      stroke: color(name), width: 1.5, dash, spanGaps: false, points: { size: 4, fill: color(name), width: 0 },
    });
    return {
      ...shared,
      scales: { ...shared.scales, y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ most) => [0, Math.max(1, (most ?? 0) * 1.12)] } },
      axes: [
        { ...axis, size: 20, values: times },
        { ...axis, size: 44, space: 30, values: (/** @type {any} */ _, /** @type {number[]} */ list) => list.map(briefly) },
      ],
      series: [{}, line("--accent", []), line("--text-3", [4, 3])],
    };
  }

  click() {
    const { cols, step, at, onRange } = this.own;
    const dragged = this.dragged;
    this.dragged = false;
    if (at !== null && !dragged) onRange(cols.starts[at], cols.starts[at] + step);
  }

  /** mark moves the cursors to the step that is pointed at. */
  mark() {
    const { cols, at } = this.own;
    if (at !== null) for (const p of this.plots) p.setCursor({ left: p.valToPos(cols.middles[at], "x"), top: 0 }, false);
  }

  /** leave points at nothing. */
  leave() {
    this.keyed = false;
    this.own.onPoint(null);
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const { cols, at, onPoint } = this.own;
    const last = cols.starts.length - 1;
    const to = { ArrowLeft: (at ?? last + 1) - 1, ArrowRight: (at ?? last - 1) + 1, Home: 0, End: last }[e.key];
    if (e.key === "Enter" && at !== null) this.click();
    else if (e.key === "Escape" && at !== null) onPoint(null);
    else if (to !== undefined) {
      this.keyed = true; // until the mouse is moved: what the keyboard has chosen stays chosen
      const next = Math.max(0, Math.min(last, to));
      for (const p of this.plots) p.setCursor({ left: p.valToPos(cols.middles[next], "x"), top: 0 }, false);
      onPoint(next);
    } else return;
    e.preventDefault();
    e.stopPropagation();
  }

  render() {
    return html`<div class="plots" role="group" aria-roledescription="chart" tabindex="0" aria-label=${this.own.label} onClick=${() => this.click()}
      onKeyDown=${(/** @type {KeyboardEvent} */ e) => this.key(e)} onMouseMoveCapture=${() => (this.keyed = false)} onMouseLeave=${() => this.leave()} onBlur=${() => this.leave()} />`;
  }
}

/** color reads a colour of the page. @param {string} name */
function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {any} _ @param {number[]} list @param {any} __ @param {any} ___ @param {number} apart */
function times(_, list, __, ___, apart) {
  return list.map((ms) => axisTime(ms, apart));
}

/** briefly is a time that the app took, for an axis. @param {number} ms */
function briefly(ms) {
  if (ms >= 1000) return +(ms / 1000).toFixed(1) + " s";
  return +ms.toFixed(1) + " ms";
}

/** Table is the chart in numbers, the newest step first. @param {{chart: ChartOf}} props */
function Table({ chart }) {
  const [open, setOpen] = useState(false);
  const shown = outcomes.filter((o) => o.name === "taken" || chart.steps.some((s) => s[o.name] > 0));
  return html`
    <details class="as-table" onToggle=${(/** @type {any} */ e) => setOpen(e.currentTarget.open)}>
      <summary>As a table</summary>
      ${open && html`
        <div class="scroll"><table class="grid">
          <thead><tr><th scope="col">Time</th>${shown.map((o) => html`<th scope="col" class="number">${o.words}</th>`)}<th scope="col" class="number">p50</th><th scope="col" class="number">p95</th></tr></thead>
          <tbody>${chart.steps.toReversed().map((s) => {
            const start = Date.parse(s.time);
            return html`<tr>
              <th scope="row"><a href=${text({ ...nowhere, q: searchOf(start, start + chart.step_ms) })}>${stepTime(start, chart.step_ms, new Date())}</a></th>
              ${shown.map((o) => html`<td class="number">${s[o.name].toLocaleString()}</td>`)}
              <td class="number">${s.answers ? duration(s.p50_ms) : ""}</td><td class="number">${s.answers ? duration(s.p95_ms) : ""}</td>
            </tr>`;
          })}</tbody>
        </table></div>
        ${chart.steps.length === 0 && html`<p class="hint">Nothing has arrived in this time.</p>`}`}
    </details>`;
}
