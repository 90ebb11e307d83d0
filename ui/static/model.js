// @ts-check
// What the page knows: the deliveries, the state of pictap and of the connection, and what is selected.
//
// It has no opinion on how anything looks, and it tells its watchers at most once per animation frame: thousands
// of changes a second cost one rendering per frame.

import { nowhere, parse, text } from "./place.js";

/** @typedef {import("./place.js").Place} Place */
/** @typedef {import("./types.js").Summary} Summary */
/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Page} Page */
/** @typedef {import("./live.js").Connection} Connection */

/** Rows kept while the list shows its newest end; older ones are fetched again when somebody scrolls there. */
export const keep = 10_000;
/** Rows kept while somebody looks at older ones. */
export const keepWhileReading = 50_000;
/** How many rows one call for older deliveries asks for. */
export const pageSize = 500;

const glow = 1_500; // ms that a row is marked as new
const glowAtMost = 20; // rows; when more come at once a mark on each would only flicker

export class Model {
  constructor() {
    /** Deliveries, oldest first: new ones are appended, and row i of the list is rows.at(-1 - i). @type {Summary[]} */
    this.rows = [];
    this.more = false; // the store has older ones
    this.loaded = false; // the list was read since the last start over
    this.generation = 0; // grows when rows are thrown away
    this.rev = -1; // the last revision seen, -1 before the first hello
    this.epoch = "";
    /** @type {Status | null} */
    this.status = null;
    this.hellos = 0; // how often the connection was made
    /** @type {Connection} */
    this.connection = "connecting";
    this.lastLive = new Date(); // when the connection was last known to be good
    /** The row that the keyboard is on, by seq; 0 for none. */
    this.selected = 0;
    /** Where we are, as the address says it. @type {Place} */
    this.place = nowhere;
    this.following = true; // the list shows its newest end
    this.unseen = 0; // deliveries that arrived while it did not
    /** When the newest rows arrived, by seq. @type {Map<number, number>} */
    this.arrived = new Map();
    /** @type {{text: string, tone: string} | null} */
    this.notice = null;

    /** @type {Set<() => void>} */
    this.watchers = new Set();
    this.scheduled = false;
  }

  /** watch calls f before the next frame after any change. @param {() => void} f */
  watch(f) {
    this.watchers.add(f);
    return () => this.watchers.delete(f);
  }

  /** changed is to be called after every change made from outside of this class. */
  changed() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      for (const f of this.watchers) f();
    });
  }

  /** @param {Connection} connection */
  connect(connection) {
    if (this.connection === "live" && connection !== "live") this.lastLive = new Date();
    this.connection = connection;
    this.changed();
  }

  /**
   * receive takes one frame of the live socket. It returns true when the list has to be read (again).
   * @param {Frame} f
   * @returns {boolean}
   */
  receive(f) {
    switch (f.type) {
      case "hello":
        if (f.epoch !== this.epoch) this.startOver();
        this.hellos++;
        this.epoch = f.epoch ?? "";
        this.rev = f.rev ?? -1;
        return !this.loaded;
      case "reset":
        this.startOver();
        return true;
      case "removed":
        this.remove(new Set(f.ids));
        return false;
      case "deliveries":
        this.merge(f.deliveries ?? [], true);
        this.rev = f.rev ?? this.rev;
        return false;
      case "status":
        if (f.status) this.status = f.status;
        this.changed();
        return false;
      default:
        return false; // a beat, or something from a newer pictap
    }
  }

  /** older takes a page of the store's list: its newest at first, then what is older than all rows here. @param {Page} page */
  older(page) {
    if (!this.loaded && page.more) {
      // Changes to old deliveries may have come before the list did. They would leave a gap above them.
      const oldest = page.deliveries.at(-1)?.seq ?? 0;
      this.rows = this.rows.filter((d) => d.seq >= oldest);
    }
    this.merge(page.deliveries, false);
    this.more = page.more;
    this.loaded = true;
  }

  startOver() {
    this.generation++;
    this.rows = [];
    this.more = false;
    this.loaded = false;
    this.unseen = 0;
    this.arrived.clear();
    this.changed();
  }

  /** remove takes deliveries away that were deleted. @param {Set<string>} ids */
  remove(ids) {
    this.generation++; // a page of the list that is on its way may have them
    this.rows = this.rows.filter((d) => !ids.has(d.id));
    if (ids.has(this.place.open)) this.go({ open: "", pane: "", with: "" }, true);
    this.changed();
  }

  /**
   * merge brings deliveries in, each at its newest revision, whatever order they come in.
   * @param {Summary[]} list
   * @param {boolean} live   they happened just now
   */
  merge(list, live) {
    const newest = this.rows.at(-1)?.seq ?? 0;
    const now = performance.now();
    /** @type {Summary[]} */
    const late = [];
    let news = 0;
    for (const d of list) {
      const i = this.find(d.seq);
      if (this.rows[i]?.seq === d.seq) {
        if (d.rev >= this.rows[i].rev) this.rows[i] = d;
        continue;
      }
      if (i === this.rows.length) this.rows.push(d);
      else if (live && i === 0 && this.more) continue; // older than all rows here: it is read when somebody scrolls there
      else late.push(d);
      if (d.seq <= newest) continue;
      news++;
      if (live && this.loaded && list.length <= glowAtMost) this.arrived.set(d.seq, now);
    }
    if (late.length > 0) this.rows = late.concat(this.rows).sort((a, b) => a.seq - b.seq);
    if (live && !this.following) this.unseen += news;
    this.trim(now);
    this.changed();
  }

  /** @param {number} now */
  trim(now) {
    for (const [seq, at] of this.arrived) {
      if (now - at < glow) break;
      this.arrived.delete(seq);
    }
    const most = this.following ? keep : keepWhileReading;
    if (this.rows.length <= most) return;
    this.rows.splice(0, this.rows.length - most);
    this.more = true;
  }

  /**
   * find gives the place of seq among rows, or the place where it would go.
   * @param {number} seq
   */
  find(seq) {
    let low = 0;
    let high = this.rows.length;
    if (high === 0 || seq > this.rows[high - 1].seq) return high; // what nearly always happens
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.rows[mid].seq < seq) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  /** row gives the delivery with that number, if it is here. @param {number} seq */
  row(seq) {
    const d = this.rows[this.find(seq)];
    return d?.seq === seq ? d : undefined;
  }

  /** line gives the number of the list's line that shows seq, 0 for the newest, -1 for none. @param {number} seq */
  line(seq) {
    const i = this.find(seq);
    return this.rows[i]?.seq === seq ? this.rows.length - 1 - i : -1;
  }

  /** select puts the keyboard on a delivery. @param {number} seq */
  select(seq) {
    this.selected = seq;
    this.changed();
  }

  /** opened is the delivery that is open, by seq; 0 for none. */
  get opened() {
    return Number(this.place.open.slice(1));
  }

  /** open shows a delivery. @param {number} seq */
  open(seq) {
    this.go({ view: "", open: "d" + seq, pane: "", with: "" });
  }

  close() {
    if (this.place.open) this.go({ open: "", pane: "", with: "" });
  }

  /**
   * go changes the place, and with it the address. The back button returns to where we were, unless the change
   * replaces the place, as each letter of a search does.
   * @param {Partial<Place>} changes
   * @param {boolean} replace
   */
  go(changes, replace = false) {
    const place = { ...this.place, ...changes };
    const address = location.pathname + text(place);
    if (text(place) === text(this.place)) return;
    history[replace ? "replaceState" : "pushState"](null, "", address);
    this.arrive(place);
  }

  /** arrive takes the address's place as ours: at the start, and when the back button has changed it. */
  arrive(place = parse(location.hash)) {
    this.place = place;
    if (this.opened) this.selected = this.opened;
    this.changed();
  }

  /** step moves the selection down the list by n lines, up when n is negative; what is open moves along. @param {number} n */
  step(n) {
    if (this.rows.length === 0) return;
    const line = this.line(this.selected);
    const to = line < 0 ? 0 : Math.max(0, Math.min(this.rows.length - 1, line + n));
    const { seq } = /** @type {Summary} */ (this.rows.at(-1 - to));
    if (this.opened) this.go({ open: "d" + seq, pane: "", with: "" }, true);
    else this.select(seq);
  }

  /** follow says whether the list shows its newest end. @param {boolean} on */
  follow(on) {
    if (this.following === on) return;
    this.following = on;
    if (on) this.unseen = 0;
    this.changed();
  }

  /** say shows a passing notice. @param {string} text @param {"ok" | "bad"} tone */
  say(text, tone) {
    const notice = { text, tone };
    this.notice = notice;
    this.changed();
    setTimeout(() => {
      if (this.notice !== notice) return;
      this.notice = null;
      this.changed();
    }, 5_000);
  }
}
