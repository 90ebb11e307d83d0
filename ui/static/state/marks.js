// @ts-check
// What this browser remembers of deliveries: which were opened, and which are pinned. It is nobody else's business, so
// it is kept here, for each store by its epoch, and the tabs of one browser agree about it.

import { drop, load, store } from "./keep.js";

/**
 * @typedef {object} Kept
 * @property {number} upTo       what is up to here counts as read
 * @property {number[]} read     beyond upTo, and read nevertheless
 * @property {number[]} unread   up to there, and unread nevertheless
 * @property {number[]} pins     the oldest pin first
 */

/** How many can be pinned: as many as one word of a search can name. */
export const mostPins = 100;
const mostRead = 2_000;
const mostUnread = 500;
const mostStores = 5;
const prefix = "pictap.marks.";

export class Marks {
  /** @param {() => void} changed   called after every change, in this tab or another one */
  constructor(changed) {
    this.changed = changed;
    this.epoch = "";
    this.known = false; // something was kept of this store
    this.kept = empty();
    /** @type {Set<number>} */
    this.read = new Set();
    /** @type {Set<number>} */
    this.unread = new Set();
    /** @type {Set<number>} */
    this.pins = new Set();
    this.unreadWord = ""; // made when it is first wanted
    addEventListener("storage", (e) => {
      if (!this.epoch || e.key !== prefix + this.epoch) return;
      this.use(shape(e.newValue) ?? empty());
      this.changed();
    });
  }

  /** @param {Kept} kept */
  use(kept) {
    this.kept = kept;
    this.read = new Set(kept.read);
    this.unread = new Set(kept.unread);
    this.pins = new Set(kept.pins);
    this.unreadWord = "";
  }

  /** open reads what is kept of a store. @param {string} epoch */
  open(epoch) {
    this.epoch = epoch;
    const kept = shape(load(prefix + epoch));
    this.known = kept !== null;
    this.use(kept ?? empty());
    this.changed();
  }

  /** begin says what was stored when this browser first saw the store: that is not news. @param {number} newest */
  begin(newest) {
    if (!this.known && this.epoch) this.change((k) => (k.upTo = newest));
  }

  /** @param {(k: Kept) => void} f */
  change(f) {
    if (!this.epoch) return;
    const kept = shape(load(prefix + this.epoch)) ?? this.kept; // another tab may have changed it
    f(kept);
    this.known = true;
    this.use(bound(kept));
    save(this.epoch, JSON.stringify(this.kept));
    this.changed();
  }

  /** @param {number} seq */
  isUnread(seq) {
    return this.known && (seq > this.kept.upTo ? !this.read.has(seq) : this.unread.has(seq));
  }

  /** see marks a delivery as read, or as unread again. @param {number} seq */
  see(seq, read = true) {
    if (this.isUnread(seq) !== read) return;
    this.change((k) => {
      const beyond = seq > k.upTo;
      k.read = k.read.filter((s) => s !== seq);
      k.unread = k.unread.filter((s) => s !== seq);
      if (beyond && read) k.read.push(seq);
      if (!beyond && !read) k.unread.push(seq);
    });
  }

  /** seeAll marks all up to the newest as read. @param {number} newest */
  seeAll(newest) {
    this.change((k) => Object.assign(k, { upTo: Math.max(k.upTo, newest), read: k.read.filter((s) => s > newest), unread: [] }));
  }

  /**
   * pin pins a delivery, or no longer. It returns false when there are too many.
   * @param {number} seq
   */
  pin(seq) {
    const on = !this.pins.has(seq);
    if (on && this.pins.size >= mostPins) return false;
    this.change((k) => (k.pins = on ? [...k.pins.filter((s) => s !== seq), seq] : k.pins.filter((s) => s !== seq)));
    return true;
  }

  /** forgetBefore drops what is known of deliveries older than the oldest that is stored. @param {number} oldest */
  forgetBefore(oldest) {
    this.forget([...this.pins, ...this.unread].filter((seq) => seq < oldest));
  }

  /** forget drops what is known of deliveries that are gone. @param {number[]} seqs */
  forget(seqs) {
    if (!seqs.some((seq) => this.pins.has(seq) || this.read.has(seq) || this.unread.has(seq))) return;
    const gone = new Set(seqs);
    /** @param {number[]} list */
    const rest = (list) => list.filter((seq) => !gone.has(seq));
    this.change((k) => Object.assign(k, { pins: rest(k.pins), unread: rest(k.unread) }));
  }
}

/** pinnedWord is the word of a search that finds the pinned ones. @param {Marks} marks */
export function pinnedWord(marks) {
  return [...marks.pins].map((seq) => "d" + seq).join(",");
}

/** unreadWord is the word of a search that finds what is unread now: "d7,d9..d12,d20..". @param {Marks} marks */
export function unreadWord(marks) {
  return (marks.unreadWord ||= rangesUnread(marks));
}

/** @param {Marks} marks */
function rangesUnread(marks) {
  const { upTo } = marks.kept;
  const words = [...marks.unread].sort((a, b) => a - b).map((seq) => "d" + seq);
  let from = upTo + 1;
  for (const seq of [...marks.read].sort((a, b) => a - b)) {
    if (seq > from) words.push(seq - 1 === from ? "d" + from : "d" + from + "..d" + (seq - 1));
    from = seq + 1;
  }
  words.push("d" + from + "..");
  return words.slice(-mostPins).join(",");
}

/** @returns {Kept} */
function empty() {
  return { upTo: 0, read: [], unread: [], pins: [] };
}

/** shape makes sure that what was kept is what we keep; null when it is not. @param {string | null} text @returns {Kept | null} */
function shape(text) {
  try {
    const k = JSON.parse(text ?? "null");
    /** @param {unknown} list */
    const numbers = (list) => /** @type {number[]} */ (Array.isArray(list) ? [...new Set(list.filter((n) => Number.isSafeInteger(n) && n > 0))] : []);
    return Number.isSafeInteger(k?.upTo) ? bound({ upTo: k.upTo, read: numbers(k.read), unread: numbers(k.unread), pins: numbers(k.pins) }) : null;
  } catch {
    return null;
  }
}

/** bound lets the oldest marks go when there are too many. @param {Kept} k */
function bound(k) {
  k.read = k.read.filter((seq) => seq > k.upTo);
  if (k.read.length > mostRead) {
    k.read.sort((a, b) => a - b);
    k.upTo = k.read[k.read.length - mostRead / 2 - 1];
    k.read = k.read.slice(-mostRead / 2);
  }
  k.unread = k.unread.slice(-mostUnread);
  k.pins = k.pins.slice(-mostPins);
  return k;
}

/** save keeps the marks of one store, and those of the stores that were looked at last. @param {string} epoch @param {string} value */
function save(epoch, value) {
  let epochs = [];
  try {
    epochs = JSON.parse(load("pictap.stores") ?? "[]");
  } catch {
    // then we begin a new one
  }
  epochs = (Array.isArray(epochs) ? epochs : []).filter((e) => typeof e === "string" && e !== epoch);
  for (const old of epochs.splice(0, Math.max(0, epochs.length - mostStores + 1))) drop(prefix + old);
  store("pictap.stores", JSON.stringify([...epochs, epoch]));
  store(prefix + epoch, value);
}
