// @ts-check
// What the page knows: the deliveries, the state of pictap and of the connection, and what is selected.
//
// It has no opinion on how anything looks, and it tells its watchers at most once per animation frame: thousands
// of changes a second cost one rendering per frame. What is fetched for it, reader.js fetches.

import { Marks } from "./marks.js";
import { nowhere, parse, text } from "./place.js";
import { Rows } from "./rows.js";
import { Watched } from "./watched.js";

/** @typedef {import("./place.js").Place} Place */
/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Status} Status */
/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Page} Page */
/** @typedef {import("../types.js").Changes} Changes */
/** @typedef {import("../types.js").SearchTrouble} SearchTrouble */
/** @typedef {import("./live.js").Connection} Connection */

/**
 * A passing notice.
 * @typedef {object} Notice
 * @property {string} text
 * @property {"ok" | "bad"} tone
 * @property {number} timer
 */

const glow = 1_500; // ms that a row is marked as new
const glowAtMost = 20; // rows; when more come at once a mark on each would only flicker
const countAtMost = 10_000; // arrivals that are counted one by one while paused
const noticeTime = { ok: 5_000, bad: 12_000 }; // ms
const noticesAtMost = 4;

const nothing = new Rows();

export class Model extends Watched {
  constructor() {
    super();
    /** All deliveries. */
    this.all = new Rows();
    /** Those that the search has found; null when there is none, or none that has brought anything yet. @type {Rows | null} */
    this.found = null;
    /** The text of the search that found belongs to. */
    this.search = "";
    this.searching = false; // the first step of a search is on its way
    this.blank = false; // and there was nothing before it that could stay in view
    this.drafting = false; // it is being typed
    /** Why the search that was typed makes no sense, and since when that is known. @type {SearchTrouble & {q: string, at: number} | null} */
    this.trouble = null;
    this.rev = -1; // the last revision seen, -1 before the first hello
    this.from = -1; // the revision from which on the socket tells of all changes
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
    /** The newest state of what is open, also when no list has it. @type {Summary | null} */
    this.aside = null;
    this.missing = 0; // the open delivery that is not stored, by seq
    this.following = true; // the list shows its newest end
    this.firstLine = 0; // the first line in view
    this.paused = false; // the lists stay as they are
    this.behind = false; // they were paused, and what came meanwhile is not in them yet
    this.stale = false; // while paused, the lists have become those of another time: they are read anew after it
    /** Deliveries that arrived while the newest end was not shown, or the page was paused. @type {Set<number>} */
    this.arrivals = new Set();
    /** What was deleted: an answer that is older than that may still have it. Numbers are never used again. @type {Set<number>} */
    this.removed = new Set();
    /** When the newest rows arrived, by seq. @type {Map<number, number>} */
    this.arrived = new Map();
    /** The newest comes first. @type {Notice[]} */
    this.notices = [];
    this.marks = new Marks(() => this.changed());
    /** What somebody has begun to change, by the delivery's id; see edit.js. @type {Map<string, import("../delivery/edit.js").Draft>} */
    this.drafts = new Map();
    /** The delivery that is marked to be compared with another, "" for none. */
    this.marked = "";

    /** Called with the deliveries of each live frame, as they are now. @type {Set<(list: Summary[]) => void>} */
    this.listeners = new Set();
  }

  /** The list that is shown. */
  get list() {
    return this.found ?? (this.blank ? nothing : this.all);
  }

  get rows() {
    return this.list.rows;
  }

  get more() {
    return this.list.more;
  }

  get loaded() {
    return this.list.loaded;
  }

  /** unseen is how many deliveries the list's "N new" speaks of. */
  get unseen() {
    return this.arrivals.size;
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
        if (f.epoch !== this.epoch && this.epoch) this.startOver(); // the first one belongs to what was read before it
        this.hellos++;
        if (f.epoch !== this.epoch) this.meet(f.epoch ?? "");
        this.rev = this.from = f.rev ?? -1;
        if (this.all.loaded && this.all.rev < this.rev) this.behind = true;
        this.changed();
        return !this.all.loaded;
      case "reset":
        if (this.paused) this.stale = true;
        else this.startOver();
        return !this.paused;
      case "deliveries":
        this.happen(f.deliveries ?? []);
        this.rev = f.rev ?? this.rev;
        if (!this.behind) this.all.rev = this.rev;
        return false;
      case "removed":
        this.forget((f.ids ?? []).map((/** @type {string} */ id) => Number(id.slice(1))));
        return false;
      case "status":
        if (f.status) this.status = f.status;
        this.changed();
        return false;
      default:
        return false; // a beat, or something from a newer pictap
    }
  }

  /** meet says which store it is that the deliveries are from. @param {string} epoch */
  meet(epoch) {
    if (this.epoch) {
      this.drafts.clear();
      this.marked = "";
    }
    this.epoch = epoch;
    this.marks.open(epoch);
    if (this.all.loaded) this.marks.begin(this.all.rows.at(-1)?.seq ?? 0);
    if (this.opened) this.marks.see(this.opened);
  }

  /** happen takes what has just changed. @param {Summary[]} list */
  happen(list) {
    list = this.without(list);
    for (const f of this.listeners) f(list);
    for (const d of list) if (d.seq === this.opened) this.aside = d;
    if (this.behind) {
      const newest = this.all.rows.at(-1)?.seq ?? 0;
      if (this.paused) for (const d of list) if (d.seq > newest && this.unseen < countAtMost) this.arrivals.add(d.seq);
      this.changed();
      return;
    }
    const news = this.all.change(list);
    this.all.total += news.length;
    this.note(this.all, news, list.length);
  }

  /** older takes a step of a list: its newest at first, then what is older. @param {Page} page */
  older(page, list = this.all) {
    const first = !list.loaded;
    list.step({ ...page, deliveries: this.without(page.deliveries) });
    if (first && list === this.all) {
      this.marks.begin(list.rows.at(-1)?.seq ?? 0);
      if (page.rev < this.from) {
        list.rev = page.rev; // the socket was quicker, and tells of nothing before its hello
        this.behind = true;
      }
    }
    if (list === this.all && !list.more) this.marks.forgetBefore(list.rows[0]?.seq ?? Infinity);
    list.trim(list === this.list && this.following, this.firstLine);
    this.changed();
  }

  /** catchUp takes changes of a list that follows by asking. @param {Rows} list @param {Changes} c */
  catchUp(list, c) {
    list.rev = Math.max(list.rev, c.rev);
    list.total = c.total;
    list.lose(c.gone, c.rev);
    this.note(list, list.change(this.without(c.deliveries)), c.deliveries.length);
  }

  /**
   * note remembers which deliveries are new in a list.
   * @param {Rows} list
   * @param {number[]} news
   * @param {number} among   how many changed at once
   */
  note(list, news, among) {
    const now = performance.now();
    if (list === this.list) {
      for (const seq of news) {
        if (list.loaded && among <= glowAtMost) this.arrived.set(seq, now);
        if (!this.following && this.unseen < countAtMost) this.arrivals.add(seq);
      }
    }
    for (const [seq, at] of this.arrived) {
      if (now - at < glow) break;
      this.arrived.delete(seq);
    }
    list.trim(list !== this.list || this.following, this.firstLine);
    this.changed();
  }

  startOver() {
    this.all = new Rows();
    this.found = null;
    this.search = "";
    this.blank = this.place.q.trim() !== "";
    this.paused = this.behind = this.stale = false;
    this.aside = null;
    this.arrivals.clear();
    this.arrived.clear();
    this.removed.clear();
    this.changed();
  }

  /** without leaves out what was deleted. @param {Summary[]} list */
  without(list) {
    return this.removed.size > 0 ? list.filter((d) => !this.removed.has(d.seq)) : list;
  }

  /** show makes another list the one that is shown: what a search has found, or null for all. @param {Rows | null} found @param {string} q */
  show(found, q) {
    found?.remove([...this.removed]);
    this.found = found;
    this.search = q;
    this.blank = false;
    this.following = true;
    this.firstLine = 0;
    if (!this.paused) this.arrivals.clear();
    this.arrived.clear();
    this.changed();
  }

  /** pause stops the lists from changing, or lets them catch up. @param {boolean} on */
  pause(on) {
    this.paused = on;
    if (on) this.behind = true;
    else if (this.following || this.found) this.arrivals.clear();
    this.changed();
  }

  /** forget takes deliveries away that were deleted. @param {number[]} seqs */
  forget(seqs) {
    for (const seq of seqs) {
      this.removed.add(seq);
      this.arrivals.delete(seq);
    }
    for (const list of [this.all, this.found]) if (list) list.total = Math.max(0, list.total - list.lose(seqs, Infinity));
    this.marks.forget(seqs);
    for (const seq of seqs) this.drafts.delete("d" + seq);
    if (seqs.some((seq) => this.marked === "d" + seq)) this.marked = "";
    if (seqs.includes(this.opened)) this.go({ open: "", pane: "", with: "" }, true);
    if (this.aside && seqs.includes(this.aside.seq)) this.aside = null;
    this.changed();
  }

  /** isFresh tells whether a delivery has only just arrived. @param {number} seq */
  isFresh(seq) {
    return performance.now() - (this.arrived.get(seq) ?? -glow) < glow;
  }

  /** row gives the delivery with that number at its newest, if it is here. @param {number} seq */
  row(seq) {
    const known = [this.found?.row(seq), this.all.row(seq), this.aside?.seq === seq ? this.aside : undefined];
    return known.reduce((best, d) => (d && d.rev > (best?.rev ?? -1) ? d : best), undefined);
  }

  /** line gives the number of the list's line that shows seq, 0 for the newest, -1 for none. @param {number} seq */
  line(seq) {
    return this.list.line(seq);
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
    try {
      history[replace ? "replaceState" : "pushState"](null, "", address);
    } catch {
      // some browsers take only so many a second: then the address is behind for a moment
    }
    this.arrive(place);
  }

  /** arrive takes the address's place as ours: at the start, and when the back button has changed it. */
  arrive(place = parse(location.hash)) {
    this.place = place;
    if (!this.found && !this.all.loaded) this.blank = place.q.trim() !== "";
    if (this.opened) {
      this.selected = this.opened;
      this.marks.see(this.opened);
      if (this.aside?.seq !== this.opened) this.aside = null;
    }
    this.changed();
  }

  /** step moves the selection down the list by n lines, up when n is negative; what is open moves along. @param {number} n */
  step(n) {
    if (this.rows.length === 0) return;
    const line = this.line(this.selected);
    const from = line >= 0 || n < 0 ? this.list.near(this.selected) : this.list.near(this.selected) - 1; // it may have left the list
    const to = this.selected ? Math.max(0, Math.min(this.rows.length - 1, from + n)) : 0;
    const { seq } = /** @type {Summary} */ (this.rows.at(-1 - to));
    if (this.opened) this.go({ open: "d" + seq, pane: "", with: "" }, true);
    else this.select(seq);
  }

  /** follow says whether the list shows its newest end. @param {boolean} on */
  follow(on) {
    if (this.following === on) return;
    this.following = on;
    if (on && !this.paused) this.arrivals.clear();
    this.changed();
  }

  /** say shows a passing notice. @param {string} text @param {"ok" | "bad"} tone */
  say(text, tone) {
    for (const n of this.notices) if (n.text === text) this.dismiss(n);
    /** @type {Notice} */
    const notice = { text, tone, timer: 0 };
    notice.timer = window.setTimeout(() => this.dismiss(notice), noticeTime[tone]);
    this.notices.unshift(notice);
    for (const n of this.notices.slice(noticesAtMost)) this.dismiss(n);
    this.changed();
  }

  /** dismiss takes a notice away. @param {Notice} notice */
  dismiss(notice) {
    clearTimeout(notice.timer);
    this.notices = this.notices.filter((n) => n !== notice);
    this.changed();
  }
}
