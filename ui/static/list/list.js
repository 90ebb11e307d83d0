// @ts-check
// The list of deliveries: newest first, and only the lines in view are in the document.
//
// All lines have one height, so line n stands at n times that height and any number of them scrolls alike. While
// somebody reads further down, arriving lines do not move what is read: the list holds on to the line at its top.
//
// Elements belong to places and not to deliveries: when hundreds arrive at once, the text in forty elements changes,
// which costs the browser half of what forty new elements do. While somebody reads further down, the places move with
// what is read, so that arriving lines change nothing but the gap above.

import { Component, html } from "../vendor/htm-preact.js";
import { ago, exact, kindOf, oneLine, outcome, plural, verdictLabel, when } from "../common/text.js";
import { load, store } from "../state/keep.js";
import { mostPins } from "../state/marks.js";
import { isHollow } from "../state/rows.js";

/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../state/model.js").Model} Model */

const lineHeight = 32; // px; style.css says the same
const compactHeight = 52; // px, in two rows, when the list is narrow
const compactBelow = 660; // px
const overscan = 8; // lines beyond each edge
const fetchAhead = 60; // lines before the end at which older deliveries are fetched
const tick = 5_000; // ms after which "12 s ago" is another

/**
 * @typedef {object} ListProps
 * @property {Model} model
 * @property {() => void} onOlder    older deliveries are wanted
 * @property {(first: number, end: number) => void} onFill   these lines are wanted
 * @property {() => void} onResume   the pause is to end
 */

export class List extends Component {
  constructor() {
    super();
    // Until it is measured it is taken to be as large as the window, so that the first rows are there with the first drawing.
    this.state = { top: 0, height: innerHeight, width: innerWidth, relative: load("pictap.times") === "relative" };
    /** @type {HTMLElement | null} */
    this.element = null;
    /** The line at the top while it is not the newest one: which, and how far into it. */
    this.anchor = { seq: 0, into: 0 };
    /** The line that was at the top when the newest one was left, and where it was then. */
    this.left = { seq: 0, line: 0 };
    this.pressed = 0; // the delivery that the mouse went down on
    this.newest = 0; // the delivery that was drawn as line 0
    this.drawn = 0; // the first line that was drawn
    /** What was drawn from there on: by the time somebody scrolls, the list may be another. @type {number[]} */
    this.seqs = [];
    this.lines = lineHeight; // the height of the lines that were drawn, px
    this.shown = 0; // the selection that was last brought into view
    /** The list that was drawn last. @type {any} */
    this.list = null;
    this.rewind = false; // another list is drawn, from its newest end
    this.clock = 0;
  }

  componentDidMount() {
    const element = /** @type {HTMLElement} */ (this.element);
    this.observer = new ResizeObserver(() => this.setState({ height: element.clientHeight, width: element.clientWidth }));
    this.observer.observe(element);
    this.props.model.follow(true); // it begins at its newest end
    this.number();
    this.clock = window.setInterval(() => this.state.relative && this.setState({}), tick);
  }

  componentWillUnmount() {
    this.observer?.disconnect();
    clearInterval(this.clock);
  }

  get lineHeight() {
    return this.compact ? compactHeight : lineHeight;
  }

  get compact() {
    return this.state.width < compactBelow;
  }

  /** head is the height of the column titles, which stay at the top. */
  get head() {
    return this.compact ? 0 : lineHeight - 4;
  }

  /** gap is how many lines have come above since the newest one was left. */
  get gap() {
    return this.left.seq ? Math.max(0, this.props.model.list.near(this.left.seq) - this.left.line) : 0;
  }

  /** top is where the list is to be scrolled to, given what is at its top and the lines that have come above it. */
  get top() {
    return this.anchor.seq ? this.props.model.list.near(this.anchor.seq) * this.lineHeight + this.anchor.into : this.state.top;
  }

  componentDidUpdate() {
    const element = /** @type {HTMLElement} */ (this.element);
    const { model } = this.props;
    if (this.rewind || (this.anchor.seq && Math.abs(element.scrollTop - this.top) >= 1)) element.scrollTop = this.top;
    this.rewind = false;
    const resized = this.lines !== this.lineHeight && model.selected === model.opened; // what was just opened makes room for itself
    if (this.shown !== model.selected || resized) this.reveal();
    this.shown = model.selected;
    this.lines = this.lineHeight;
    this.number();
    const first = Math.max(0, Math.floor(element.scrollTop / this.lineHeight) - overscan);
    const last = Math.ceil((element.scrollTop + element.clientHeight) / this.lineHeight);
    model.firstLine = first;
    if (model.loaded && model.more && last > model.rows.length - fetchAhead) this.props.onOlder();
    this.props.onFill(first, last + overscan);
  }

  /** number gives the lines their numbers, which change with every arrival and are nothing to lay out anew for. */
  number() {
    let n = this.drawn + 2; // the column titles are 1
    for (const line of this.element?.querySelectorAll(".lines > .line") ?? []) {
      if (line.ariaRowIndex !== String(n)) line.ariaRowIndex = String(n);
      n++;
    }
  }

  /** reveal scrolls as little as makes the selected line visible. */
  reveal() {
    const element = /** @type {HTMLElement} */ (this.element);
    const line = this.props.model.line(this.props.model.selected);
    if (line < 0) return;
    const lowest = line * this.lineHeight;
    const highest = lowest + this.lineHeight - (element.clientHeight - this.head);
    const to = Math.max(Math.min(element.scrollTop, lowest), highest);
    if (to === element.scrollTop) return;
    element.scrollTop = to;
    this.scrolled();
  }

  scrolled() {
    const element = /** @type {HTMLElement} */ (this.element);
    const { model } = this.props;
    const top = element.scrollTop;
    const line = Math.floor(top / this.lineHeight);
    const since = Math.max(0, model.line(this.newest)); // lines that have come above since the list was drawn
    const seq = this.seqs[line - this.drawn] ?? model.rows.at(-1 - line - since)?.seq ?? 0;
    this.anchor = top < this.lineHeight / 2 ? { seq: 0, into: 0 } : { seq, into: top - line * this.lineHeight };
    if (!this.anchor.seq || !this.left.seq) this.left = { seq: this.anchor.seq, line };
    model.follow(this.anchor.seq === 0);
    this.setState({ top });
  }

  /** focused puts a keyboard that comes to the list on a line in view. A mouse chooses its own. */
  focused() {
    const { model } = this.props;
    if (model.line(model.selected) >= 0 || !this.element?.matches(":focus-visible")) return;
    const top = model.rows.at(-1 - Math.ceil(this.top / this.lineHeight));
    if (top) model.select(top.seq);
  }

  /**
   * open shows a delivery. With a mouse that is the one it went down on: others may have come since.
   * @param {MouseEvent} e
   * @param {number} seq
   */
  open(e, seq) {
    const { model } = this.props;
    if (/** @type {HTMLElement} */ (e.target).closest(".star")) pin(model, e.detail > 0 ? this.pressed : seq);
    else model.open(e.detail > 0 ? this.pressed : seq);
  }

  toNewest() {
    const element = /** @type {HTMLElement} */ (this.element);
    this.forget();
    element.scrollTop = 0;
    element.focus({ preventScroll: true });
    this.props.model.follow(true);
    if (this.props.model.paused) this.props.onResume();
  }

  /** times changes between the time of day and how long ago. */
  times() {
    const relative = !this.state.relative;
    store("pictap.times", relative ? "relative" : "clock");
    this.setState({ relative });
  }

  /** forget no longer holds on to a line. */
  forget() {
    this.anchor = { seq: 0, into: 0 };
    this.left = { seq: 0, line: 0 };
  }

  /** restart goes to the newest end, for another list than before is to be drawn. */
  restart() {
    this.rewind = this.list !== null;
    this.list = this.props.model.list;
    this.forget();
    this.state.top = 0;
    this.shown = 0;
  }

  render() {
    const { model } = this.props;
    if (this.list !== model.list) this.restart();
    const { rows } = model;
    const height = this.lineHeight;
    const { gap } = this;
    const first = Math.max(0, Math.min(Math.floor(this.top / height) - overscan, rows.length - 1));
    const end = Math.min(rows.length, Math.ceil((this.top + this.state.height) / height) + overscan);
    const now = new Date();
    const era = this.state.relative ? "relative " + Math.floor(now.getTime() / tick) : now.toDateString();
    const lines = [];
    for (let i = first; i < end; i++) {
      const d = rows[rows.length - 1 - i];
      lines.push(html`<${Line} key=${i - gap} d=${d} y=${(i - gap) * height} era=${era} relative=${this.state.relative}
        selected=${d.seq === model.selected} fresh=${model.isFresh(d.seq)} unread=${model.marks.isUnread(d.seq)} pinned=${model.marks.pins.has(d.seq)}
        onPress=${() => (this.pressed = d.seq)} onOpen=${(/** @type {MouseEvent} */ e) => this.open(e, d.seq)} />`);
    }
    const active = model.line(model.selected);
    this.newest = rows.at(-1)?.seq ?? 0;
    this.drawn = first;
    this.seqs = rows.slice(rows.length - end, rows.length - first).map((/** @type {Summary} */ d) => d.seq).reverse();
    return html`
      <div class="list-frame">
        <div class=${"list" + (this.compact ? " compact" : "")} role="grid" tabindex="0" aria-label="Deliveries, newest first"
          aria-rowcount=${rows.length + 1} aria-activedescendant=${active >= first && active < end ? "d" + model.selected : undefined}
          ref=${(/** @type {HTMLElement} */ e) => (this.element = e)} onScroll=${() => this.scrolled()} onFocus=${() => this.focused()}>
          <div class="columns line" role="row" aria-rowindex="1">
            <span role="columnheader"><button class="quiet" tabindex="-1" onClick=${() => this.times()}
              title=${this.state.relative ? "Show the time of day" : "Show how long ago"}>${this.state.relative ? "Age" : "Time"}</button></span>
            <span role="columnheader">Event</span><span role="columnheader">About</span>
            <span role="columnheader">Signature</span><span role="columnheader">App</span>
            <span role="columnheader" class="number">Took</span><span role="columnheader" class="number">Tries</span>
            <span role="columnheader" aria-label="Pinned"></span>
          </div>
          <div class="lines" role="rowgroup" style=${{ marginTop: gap * height + "px", height: (rows.length - gap) * height + "px" }}>${lines}</div>
          ${rows.length > 0 && html`<p class="end">${model.more ? "Reading older ones…" : "That is all: " + plural(rows.length, "delivery", "deliveries") + "."}</p>`}
        </div>
        ${(model.unseen > 0 || model.paused) && html`<button class=${"unseen" + (model.paused ? " paused" : "")} onClick=${() => this.toNewest()}>${news(model)}</button>`}
      </div>`;
  }
}

/** news is what the button above the list says. @param {Model} model */
function news(model) {
  const n = model.unseen.toLocaleString();
  if (!model.paused) return "↑ " + n + " new";
  return model.unseen > 0 ? "Paused · " + n + " new · resume" : "Paused · resume";
}

/** pin pins a delivery, or no longer. @param {Model} model @param {number} seq */
export function pin(model, seq) {
  if (!model.marks.pin(seq)) model.say("At most " + mostPins + " deliveries can be pinned: unpin another one first.", "bad");
}

/**
 * @typedef {object} LineProps
 * @property {Summary} d
 * @property {number} y
 * @property {string} era        changes when the line's time is to be written anew
 * @property {boolean} relative
 * @property {boolean} selected
 * @property {boolean} fresh
 * @property {boolean} unread
 * @property {boolean} pinned
 * @property {() => void} onPress
 * @property {(e: MouseEvent) => void} onOpen
 */

class Line extends Component {
  /** @param {LineProps} next */
  shouldComponentUpdate(next) {
    const p = /** @type {LineProps} */ (this.props);
    return next.d !== p.d || next.y !== p.y || next.selected !== p.selected || next.era !== p.era || next.fresh !== p.fresh
      || next.unread !== p.unread || next.pinned !== p.pinned;
  }

  render() {
    const { d, y, relative, selected, fresh, unread, pinned, onPress, onOpen } = /** @type {LineProps} */ (this.props);
    const hollow = isHollow(d);
    const at = new Date(d.time);
    const { text, tone, took } = hollow ? { text: "", tone: "quiet", took: "" } : outcome(d);
    const event = hollow ? "…" : oneLine(d.event) || "unrecognised";
    const about = oneLine(d.about);
    const classes = "line" + (selected ? " selected" : "") + (fresh ? " fresh" + (d.seq % 2) : "") + (d.verdict === "valid" ? "" : " doubtful") + (unread ? " unread" : "");
    return html`
      <div class=${classes} id=${"d" + d.seq} role="row" aria-selected=${selected}
        style=${{ top: y + "px" }} onMouseDown=${onPress} onClick=${onOpen}>
        <time role="gridcell" datetime=${d.time} title=${hollow ? "" : exact(at)}>${hollow ? "" : relative ? ago(at, new Date()) : when(at, new Date())}</time>
        <span role="gridcell" class="event" title=${event}><i class=${"kind " + kindOf(d.event)} aria-hidden="true" />${unread && html`<span class="unheard">unread </span>`}${event}</span>
        <span role="gridcell" class="about" title=${about}>
          ${d.source === "local" && html`<em class="tag">test</em>`}${d.arrivals > 1 && html`<em class="tag">sent ${d.arrivals}×</em>`}${about}
        </span>
        <span role="gridcell" class=${"verdict " + d.verdict}>${hollow ? "" : verdictLabel(d.verdict)}</span>
        <span role="gridcell"><b class=${"answer " + tone}>${text}</b></span>
        <span role="gridcell" class="number took">${took}</span>
        <span role="gridcell" class="number tries">${d.attempt_count > 1 ? d.attempt_count + "×" : ""}</span>
        <span role="gridcell" class="pin"><button class="star" tabindex="-1" aria-pressed=${pinned} aria-label=${"Pin d" + d.seq} title=${pinned ? "Unpin (p)" : "Pin (p)"}>${pinned ? "★" : "☆"}</button></span>
      </div>`;
  }
}
