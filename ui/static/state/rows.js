// @ts-check
// A list of deliveries as the page knows it: all of them, or those that a search has found so far.
//
// Rows come from two sides. Steps read the store's list from its newest end downwards; changes tell what has become
// of single deliveries meanwhile. Whatever order the two arrive in, each delivery ends at its newest revision.

/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Page} Page */

/** Rows kept while the list shows its newest end; older ones are read again when somebody scrolls there. */
export const keep = 10_000;
const keepFull = 12_000; // rows whose content is kept while somebody looks at older ones
const around = 3_000; // lines on both sides of what is looked at that stay whole when others lose their content
const most = 500_000; // rows, with content or without

/**
 * A Hollow is a row far from what is looked at: that it is there, and not what it says. It takes forty bytes instead
 * of a thousand, and is filled again before anybody sees it.
 */
class Hollow {
  /** @param {Summary} d */
  constructor(d) {
    this.seq = d.seq;
    this.rev = d.rev;
  }
}
Object.assign(Hollow.prototype, {
  hollow: true, id: "", time: "", event: "", about: "", delivery_id: "", subscription: "", source: "", verdict: "valid", state: "done",
  arrivals: 1, bytes: 0, remote: "", attempt_count: 0, attempts: Object.freeze([]),
});

/** isHollow tells whether a row's content is not here now. @param {any} d */
export function isHollow(d) {
  return d.hollow === true;
}

export class Rows {
  /** @param {string} q   the search whose list it is, "" for all */
  constructor(q = "") {
    this.q = q;
    /** Deliveries, oldest first: new ones are appended, and line i of the list is rows.at(-1 - i). @type {Summary[]} */
    this.rows = [];
    this.full = 0; // how many of them are not hollow
    this.loaded = false; // the first step was made
    this.more = false; // there may be more below next
    this.next = 0; // down to here all of the store was looked at
    this.rev = -1; // all changes up to here are in
    this.total = 0; // how many are stored, of any kind
    this.reading = false; // a step is on its way
    this.asked = 0; // where the step on its way goes on
    this.catching = false; // it is asked what has changed
    /** What changed while a step was on its way, which may have seen the time before; null when there is none.
     * @type {Map<number, Summary | {seq: number, rev: number, gone: true}> | null} */
    this.meanwhile = new Map();
  }

  /** begin says that a step has been asked for. */
  begin() {
    this.meanwhile ??= new Map();
    this.asked = this.next;
  }

  /** step takes what a step has brought. @param {Page} page */
  step(page) {
    const meanwhile = this.meanwhile ?? new Map();
    this.meanwhile = null;
    if (this.loaded && this.asked !== this.next) return; // rows were let go of since: this page would leave a gap above it
    this.more = page.more;
    this.next = page.more ? page.next : 0;
    this.total = page.total;
    if (!this.loaded) this.rev = Math.max(this.rev, page.rev);
    this.loaded = true;
    this.put(page.deliveries);
    for (const d of meanwhile.values()) {
      if (!("gone" in d)) this.change([d]);
      else if ((this.row(d.seq)?.rev ?? Infinity) <= d.rev) this.remove([d.seq]);
    }
  }

  /**
   * change takes deliveries that have changed, or are new. It returns the numbers of those that are newer than all before.
   * @param {Summary[]} list
   * @returns {number[]}
   */
  change(list) {
    for (const d of list) this.meanwhile?.set(d.seq, d);
    // Those below what was looked at are found when somebody goes there.
    return this.loaded ? this.put(this.more ? list.filter((d) => d.seq >= this.next) : list) : [];
  }

  /**
   * lose takes the numbers of those that do not belong here as of a revision, Infinity for ever. It returns how many
   * were here.
   * @param {number[]} seqs
   * @param {number} rev
   */
  lose(seqs, rev) {
    for (const seq of seqs) this.meanwhile?.set(seq, { seq, rev, gone: true });
    return this.remove(seqs);
  }

  /**
   * put brings deliveries in, each at its newest revision, and returns the numbers that are newer than all before.
   * @param {Summary[]} list
   */
  put(list) {
    const newest = this.rows.at(-1)?.seq ?? 0;
    const news = [];
    /** @type {Summary[]} */
    const between = [];
    for (const d of list) {
      const i = this.find(d.seq);
      if (this.rows[i]?.seq === d.seq) {
        if (d.rev < this.rows[i].rev) continue;
        if (isHollow(this.rows[i])) this.full++;
        this.rows[i] = d;
        continue;
      }
      if (i === this.rows.length) this.rows.push(d);
      else between.push(d);
      this.full++;
      if (d.seq > newest) news.push(d.seq);
    }
    if (between.length > 0) {
      between.sort((a, b) => a.seq - b.seq);
      const oldest = this.rows[0]?.seq ?? Infinity;
      const below = /** @type {Summary} */ (between.at(-1)).seq < oldest; // as a step is, as a rule
      this.rows = between.concat(this.rows);
      if (!below) this.rows.sort((a, b) => a.seq - b.seq);
    }
    return news;
  }

  /** remove takes rows out, and returns how many. @param {number[]} seqs */
  remove(seqs) {
    const gone = new Set(seqs.filter((seq) => this.line(seq) >= 0));
    if (gone.size === 0) return 0;
    this.rows = this.rows.filter((d) => {
      if (gone.has(d.seq) && !isHollow(d)) this.full--;
      return !gone.has(d.seq);
    });
    return gone.size;
  }

  /**
   * trim bounds the memory. While the newest end is shown, the oldest rows go; else those that are far from the lines
   * in view lose their content.
   * @param {boolean} following
   * @param {number} first   the first line in view
   */
  trim(following, first) {
    const limit = following ? keep : most;
    if (this.rows.length > limit) {
      const gone = this.rows.splice(0, this.rows.length - limit);
      this.full -= gone.filter((d) => !isHollow(d)).length;
      this.more = true;
      this.next = this.rows[0].seq;
    }
    if (this.full <= keepFull) return;
    const { length } = this.rows;
    for (let i = 0; i < length; i++) {
      const line = length - 1 - i;
      if (Math.abs(line - first) <= around || isHollow(this.rows[i])) continue;
      this.rows[i] = /** @type {any} */ (new Hollow(this.rows[i]));
      this.full--;
    }
  }

  /**
   * fill puts content into hollow rows. What the step should have found and did not is no longer stored, or no longer
   * belongs here.
   * @param {Page} page      of the rows older than before
   * @param {number} before
   */
  fill(page, before) {
    this.put(page.deliveries.filter((d) => this.line(d.seq) >= 0));
    const from = this.find(page.more ? page.next : 0);
    const gone = this.rows.slice(from, this.find(before)).filter(isHollow);
    this.remove(gone.map((d) => d.seq));
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

  /** row gives the delivery with that number, if it is here and says something. @param {number} seq */
  row(seq) {
    const d = this.rows[this.find(seq)];
    return d?.seq === seq && !isHollow(d) ? d : undefined;
  }

  /** near is {@link line}, or when seq is not here the line of the next older one, or else the last line. @param {number} seq */
  near(seq) {
    const i = this.find(seq);
    const older = this.rows[i]?.seq === seq ? i : i - 1;
    return Math.max(0, Math.min(this.rows.length - 1, this.rows.length - 1 - older));
  }

  /** line gives the number of the list's line that shows seq, 0 for the newest, -1 for none. @param {number} seq */
  line(seq) {
    const i = this.find(seq);
    return this.rows[i]?.seq === seq ? this.rows.length - 1 - i : -1;
  }
}
