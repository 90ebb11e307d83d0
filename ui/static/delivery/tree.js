// @ts-check
// A JSON text as a tree that can be folded, searched and pointed into, without ever turning it into values.
//
// Nodes are numbers: the order in which they stand in the text. What is known of them are columns of numbers, so
// that a megabyte of brackets costs some of them and no objects. Only the lines that are asked for are made.

import { scan, stringText } from "../common/json.js";

/** What a node is. */
export const object = 0, array = 1, string = 2, number = 3, word = 4;

const kinds = /** @type {Record<string, number>} */ ({ "{": object, "[": array, string, number, word });

/** What one unfolded list or object shows at first, and more at each asking. */
export const chunk = 100;
/** Lines that are in the document at first, and more at each asking. */
export const lineLimit = 1_000;

/**
 * One line of an unfolded tree. "item" is a node (of a list or object its beginning), "close" the end of one, "more"
 * stands for the members of one that are not shown yet, "cut" for all further lines.
 * @typedef {object} Row
 * @property {"item" | "close" | "more" | "cut"} type
 * @property {number} node
 * @property {number} depth
 * @property {boolean} last    no comma follows
 */

/**
 * A place where a search matches: in a key or a value, from at on.
 * @typedef {object} Match
 * @property {number} node
 * @property {boolean} inKey
 * @property {number} at       counted from the token's beginning
 * @property {number} length
 */

export class Tree {
  /** @param {string} source */
  constructor(source) {
    this.source = source;
    this.count = 0;
    this.kind = new Uint8Array(64);
    this.keyStart = new Int32Array(64); // -1: it has no key
    this.keyEnd = new Int32Array(64);
    this.start = new Int32Array(64);
    this.end = new Int32Array(64); // -1: the text ends before it does
    this.parent = new Int32Array(64); // -1: the root
    this.ordinal = new Int32Array(64); // among the parent's members, from 0
    this.size = new Int32Array(64); // members
    this.after = new Int32Array(64); // the node behind it and its members
    /** "" or what makes this not JSON; what came before it is there. */
    this.error = "";
    this.read();
  }

  read() {
    let inside = -1;
    let keyStart = -1;
    let keyEnd = -1;
    /** @param {string} kind @param {number} start @param {number} end */
    const add = (kind, start, end) => {
      if (this.count === this.kind.length) this.grow();
      const n = this.count++;
      this.kind[n] = kinds[kind];
      this.keyStart[n] = keyStart;
      this.keyEnd[n] = keyEnd;
      this.start[n] = start;
      this.end[n] = end;
      this.parent[n] = inside;
      this.ordinal[n] = inside < 0 ? 0 : this.size[inside]++;
      this.after[n] = this.count;
      keyStart = keyEnd = -1;
      return n;
    };
    const { error } = scan(this.source, {
      key: (start, end) => void ([keyStart, keyEnd] = [start, end]),
      value: (kind, start, end) => void add(kind, start, end),
      open: (mark, start) => void (inside = add(mark, start, -1)),
      close: (_, start) => {
        this.end[inside] = start + 1;
        this.after[inside] = this.count;
        inside = this.parent[inside];
      },
    });
    this.error = error;
    for (; inside >= 0; inside = this.parent[inside]) this.after[inside] = this.count; // what broke off
  }

  grow() {
    for (const name of ["kind", "keyStart", "keyEnd", "start", "end", "parent", "ordinal", "size", "after"]) {
      const old = /** @type {any} */ (this)[name];
      const larger = new old.constructor(old.length * 2);
      larger.set(old);
      /** @type {any} */ (this)[name] = larger;
    }
  }

  /** folds tells whether a node has members to show. @param {number} n */
  folds(n) {
    return this.kind[n] <= array && this.size[n] > 0;
  }

  /** key is the key's token, with its quotes; "" for none. @param {number} n */
  key(n) {
    return this.keyStart[n] < 0 ? "" : this.source.slice(this.keyStart[n], this.keyEnd[n]);
  }

  /** text is what stands in the source, to the letter. @param {number} n */
  text(n) {
    return this.source.slice(this.start[n], this.end[n] < 0 ? undefined : this.end[n]);
  }

  /** steps are the names and numbers that lead to a node. @param {number} n @returns {string[]} */
  steps(n) {
    const steps = [];
    for (; this.parent[n] >= 0; n = this.parent[n]) {
      steps.push(this.keyStart[n] < 0 ? String(this.ordinal[n]) : stringText(this.key(n)) ?? this.key(n));
    }
    return steps.reverse();
  }

  /** level is how deep a node is, 1 for the root. @param {number} n */
  level(n) {
    let level = 1;
    for (; this.parent[n] >= 0; n = this.parent[n]) level++;
    return level;
  }

  /**
   * firstLook unfolds from the top as many levels as make no more than so many lines.
   * @returns {Set<number>}
   */
  firstLook(lines = 150) {
    /** @type {Set<number>} */
    const open = new Set();
    let level = this.count > 0 && this.folds(0) ? [0] : [];
    for (let total = 1; level.length > 0; ) {
      /** @type {number[]} */
      const next = [];
      for (const n of level) {
        total += Math.min(this.size[n], chunk) + 1;
        if (total > lines && n !== 0) return open;
        for (let m = n + 1, i = 0; m < this.after[n] && i < chunk; m = this.after[m], i++) if (this.folds(m)) next.push(m);
      }
      for (const n of level) open.add(n);
      level = next;
    }
    return open;
  }

  /**
   * rows are the lines of the tree as it is unfolded.
   * @param {Set<number>} open
   * @param {Map<number, number>} shown   how many members of a node are shown, when it is not a chunk
   * @param {number} limit
   * @returns {Row[]}
   */
  rows(open, shown, limit = lineLimit) {
    /** @type {Row[]} */
    const rows = [];
    if (this.count === 0) return rows;
    /** @type {number[]} */
    const inside = []; // the unfolded nodes that we are in
    let n = 0;
    for (;;) {
      if (rows.length >= limit) {
        rows.push({ type: "cut", node: n < this.count ? n : 0, depth: 0, last: true });
        return rows;
      }
      const within = inside.at(-1) ?? -1;
      const most = within < 0 ? 1 : shown.get(within) ?? chunk;
      if (within >= 0 && (n >= this.after[within] || this.ordinal[n] >= most)) {
        if (n < this.after[within]) rows.push({ type: "more", node: within, depth: inside.length, last: true });
        inside.pop();
        if (this.end[within] >= 0) rows.push({ type: "close", node: within, depth: inside.length, last: this.isLast(within) });
        n = this.after[within];
        if (inside.length === 0) return rows;
        continue;
      }
      rows.push({ type: "item", node: n, depth: inside.length, last: this.isLast(n) });
      if (open.has(n) && this.folds(n)) {
        inside.push(n);
        n++;
      } else {
        n = this.after[n];
        if (inside.length === 0) return rows;
      }
    }
  }

  /** @param {number} n */
  isLast(n) {
    return this.parent[n] < 0 || this.ordinal[n] === this.size[this.parent[n]] - 1;
  }

  /** reveal unfolds what a node is in. @param {number} n @param {Set<number>} open @param {Map<number, number>} shown */
  reveal(n, open, shown) {
    for (let up = this.parent[n]; up >= 0; n = up, up = this.parent[n]) {
      open.add(up);
      if (this.ordinal[n] >= (shown.get(up) ?? chunk)) shown.set(up, this.ordinal[n] + 1 + chunk);
    }
  }

  /**
   * find lists where keys and values contain a text, in either case.
   * @param {string} text
   * @returns {Match[]}
   */
  find(text, most = 10_000) {
    /** @type {Match[]} */
    const found = [];
    if (text === "") return found;
    const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "gi");
    let n = 0;
    for (let m; found.length < most && (m = pattern.exec(this.source)); ) {
      n = this.at(m.index, n);
      if (n < 0) {
        n = 0;
        continue;
      }
      const inKey = m.index < this.keyEnd[n];
      if (inKey || (m.index >= this.start[n] && m.index < this.end[n] && this.kind[n] > array)) {
        found.push({ node: n, inKey, at: m.index - (inKey ? this.keyStart[n] : this.start[n]), length: m[0].length });
      }
    }
    return found;
  }

  /** at is the last node that begins at or before a place, looked for from a node on; -1 for none. @param {number} place @param {number} low */
  at(place, low) {
    let high = this.count - 1;
    if (high < 0 || this.begins(low) > place) return -1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.begins(mid) <= place) low = mid;
      else high = mid - 1;
    }
    return low;
  }

  /** @param {number} n */
  begins(n) {
    return this.keyStart[n] < 0 ? this.start[n] : this.keyStart[n];
  }

  /**
   * repeats are the members of an object whose key stood there before: the last of a name is the one that counts.
   * @param {number} n
   * @returns {Set<number>}
   */
  repeats(n) {
    /** @type {Map<string, number>} */
    const seen = new Map();
    /** @type {Set<number>} */
    const repeated = new Set();
    if (this.kind[n] !== object) return repeated;
    for (let m = n + 1; m < this.after[n]; m = this.after[m]) {
      const name = stringText(this.key(m)) ?? "";
      if (seen.has(name)) repeated.add(m);
      seen.set(name, m);
    }
    return repeated;
  }
}
