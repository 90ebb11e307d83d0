// @ts-check
// A tiny drawing of the last ten minutes, from what the list has. It counts every two seconds, however much arrives.

import { Component, html } from "../vendor/htm-preact.js";

/** @typedef {import("../state/model.js").Model} Model */

const bins = 30;
const bin = 20_000; // ms

export class Pulse extends Component {
  constructor() {
    super();
    this.state = { counts: /** @type {number[]} */ ([]) };
    this.unwatch = () => {};
  }

  componentDidMount() {
    const { model } = /** @type {{model: Model}} */ (/** @type {any} */ (this.props));
    this.unwatch = model.watch(() => {
      if (!model.loaded) return;
      this.unwatch(); // the list has been read: from now on the clock is enough
      this.look();
    });
    this.timer = window.setInterval(() => this.look(), 2_000);
  }

  componentWillUnmount() {
    clearInterval(this.timer);
    this.unwatch();
  }

  look() {
    const { model } = /** @type {{model: Model}} */ (/** @type {any} */ (this.props));
    if (document.visibilityState === "hidden") return;
    const counts = pulse(model.rows, Date.now(), bin, bins);
    if (counts.join() !== this.state.counts.join()) this.setState({ counts });
  }

  /** @param {any} _ @param {any} next */
  shouldComponentUpdate(_, next) {
    return next.counts !== this.state.counts;
  }

  render() {
    const { counts } = this.state;
    const most = Math.max(4, ...counts);
    const sum = counts.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0);
    const words = sum.toLocaleString() + " in the last ten minutes";
    return html`
      <span class="pulse" role="img" aria-label=${words} title=${words}>
        ${counts.map((/** @type {number} */ n) => html`<i style=${{ height: n ? Math.max(8, (100 * n) / most) + "%" : "0" }} />`)}
      </span>`;
  }
}

/**
 * pulse counts the deliveries of the last while in bins of so many ms, the oldest bin first.
 * @param {{time: string}[]} rows   oldest first
 * @param {number} now
 * @param {number} bin
 * @param {number} bins
 */
export function pulse(rows, now, bin, bins) {
  const counts = new Array(bins).fill(0);
  const begin = (Math.floor(now / bin) + 1 - bins) * bin;
  let older = 0;
  for (let i = rows.length - 1; i >= 0 && older < 500; i--) { // those of a clock that was set may be among them
    const at = Date.parse(rows[i].time);
    if (at < begin) older++;
    const n = Math.floor((at - begin) / bin);
    if (n >= 0 && n < bins) counts[n]++;
  }
  return counts;
}
