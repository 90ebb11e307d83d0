// @ts-check
// What differs between two bodies, headers or texts. Pure functions, bounded in time.
//
// JSON is compared as what it says: members by their name, elements by what they are. Numbers are compared and shown
// by their digits, never as doubles; the tokens are those of json.js.

import { layout } from "../common/json.js";

/**
 * A value of a document. Flat is the value without whitespace, by which two are equal.
 * @typedef {object} Node
 * @property {string} kind      "{", "[" or "" for what has nothing inside
 * @property {string} flat
 * @property {string[]} keys    of the members, as tokens
 * @property {Node[]} items     members' values, or elements
 */

/**
 * A line of a comparison. Sign is "-" for the left one, "+" for the right one, " " for both.
 * @typedef {object} Line
 * @property {string} sign
 * @property {number} depth
 * @property {string} text
 * @property {boolean} volatile   it differs in every delivery: a time, an id, a signature
 */

const depthLimit = 60; // levels compared by structure
const limits = { spans: 20_000, characters: 400_000 };
const tableLimit = 250_000; // cells of one comparison of lists

/**
 * parse reads JSON into nodes. Null when it is none, or more than can be compared by structure.
 * @param {string} text
 * @returns {Node | null}
 */
export function parse(text) {
  const { spans, error, cut } = layout(text, limits);
  if (error || cut) return null;
  /** @type {Node} */
  const root = { kind: "[", flat: "", keys: [], items: [] };
  const open = [root];
  for (const { kind, text: token } of spans) {
    const into = /** @type {Node} */ (open.at(-1));
    if (kind === "key") into.keys.push(token);
    else if (kind) into.items.push({ kind: "", flat: token, keys: [], items: [] });
    else {
      for (const mark of token) {
        const inside = /** @type {Node} */ (open.at(-1));
        if (mark === "{" || mark === "[") {
          if (open.length > depthLimit) return null;
          const node = { kind: mark, flat: "", keys: [], items: [] };
          inside.items.push(node);
          open.push(node);
        } else if (mark === "}" || mark === "]") {
          inside.flat = inside.kind + inside.items.map((n, i) => (inside.kind === "{" ? inside.keys[i] + ":" : "") + n.flat).join(",") + mark;
          open.pop();
        }
      }
    }
  }
  return root.items[0] ?? null;
}

// Names of what differs in every delivery.
const volatileName = /^"?(id|uid|uuid|timestamp|time|date|signature|etag|nextRetry|(delivery|image|render|batch|event|request|trace)_?(id|uid)|\w+At|\w+_at)"?$/i;
const volatileField = /^(x-pictify-signature|x-pictify-delivery-id|x-pictap-.*|date|etag|.*-?request-id|.*trace.*|content-length|x-forwarded-for|traceparent|cf-ray|age|set-cookie|keep-alive)$/i;
const moment = /^"\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** @param {string} name @param {string} left @param {string} right */
function isVolatile(name, left, right) {
  return volatileName.test(name) || (moment.test(left) && moment.test(right));
}

/**
 * diff compares two values and gives the lines of both, in the order of the left one.
 * @param {Node} left
 * @param {Node} right
 * @returns {Line[]}
 */
export function diff(left, right) {
  /** @type {Line[]} */
  const lines = [];
  compare(lines, 0, "", left, right, "", "");
  return lines;
}

/**
 * @param {Line[]} lines
 * @param {number} depth
 * @param {string} label   "name": before the value, or ""
 * @param {Node} left
 * @param {Node} right
 * @param {string} comma   after the value
 * @param {string} name
 */
function compare(lines, depth, label, left, right, comma, name) {
  if (left.flat === right.flat) return spell(lines, " ", depth, label, left, comma);
  if (!left.kind || left.kind !== right.kind) {
    const volatile = !left.kind && !right.kind && isVolatile(name, left.flat, right.flat);
    spell(lines, "-", depth, label, left, comma, volatile);
    spell(lines, "+", depth, label, right, comma, volatile);
    return;
  }
  lines.push({ sign: " ", depth, text: label + left.kind, volatile: false });
  const pairs = left.kind === "{" ? members(left, right) : elements(left.items, right.items);
  for (const [i, [l, r]] of pairs.entries()) {
    const key = left.kind === "{" ? (l >= 0 ? left.keys[l] : right.keys[r]) : "";
    const say = key ? key + ": " : "";
    const end = i < pairs.length - 1 ? "," : "";
    if (l >= 0 && r >= 0) compare(lines, depth + 1, say, left.items[l], right.items[r], end, key);
    else if (l >= 0) spell(lines, "-", depth + 1, say, left.items[l], end, !left.items[l].kind && volatileName.test(key));
    else spell(lines, "+", depth + 1, say, right.items[r], end, !right.items[r].kind && volatileName.test(key));
  }
  lines.push({ sign: " ", depth, text: (left.kind === "{" ? "}" : "]") + comma, volatile: false });
}

/** spell gives the lines of one value. @param {Line[]} lines @param {string} sign @param {number} depth @param {string} label @param {Node} node @param {string} comma */
function spell(lines, sign, depth, label, node, comma, volatile = false) {
  if (node.items.length === 0) {
    lines.push({ sign, depth, text: label + node.flat + comma, volatile });
    return;
  }
  lines.push({ sign, depth, text: label + node.kind, volatile });
  node.items.forEach((item, i) => spell(lines, sign, depth + 1, node.kind === "{" ? node.keys[i] + ": " : "", item, i < node.items.length - 1 ? "," : "", volatile));
  lines.push({ sign, depth, text: (node.kind === "{" ? "}" : "]") + comma, volatile });
}

/**
 * members pairs the members of two objects by name, repeats by their order: places on the left and on the right, -1 for none.
 * @param {Node} left
 * @param {Node} right
 * @returns {[number, number][]}
 */
function members(left, right) {
  /** @type {Map<string, number[]>} */
  const places = new Map();
  right.keys.forEach((key, i) => places.set(key, [...(places.get(key) ?? []), i]));
  /** @type {[number, number][]} */
  const pairs = left.keys.map((key, i) => [i, places.get(key)?.shift() ?? -1]);
  for (const rest of places.values()) for (const i of rest) pairs.push([-1, i]);
  return pairs;
}

/**
 * elements pairs the elements of two lists: equal ones in order, and of the rest those that stand in the same gap.
 * @param {{flat: string}[]} left
 * @param {{flat: string}[]} right
 * @returns {[number, number][]}
 */
export function elements(left, right) {
  let start = 0;
  while (start < left.length && start < right.length && left[start].flat === right[start].flat) start++;
  let end = 0;
  while (end < left.length - start && end < right.length - start && left[left.length - 1 - end].flat === right[right.length - 1 - end].flat) end++;
  /** @type {[number, number][]} */
  const pairs = [];
  for (let i = 0; i < start; i++) pairs.push([i, i]);
  const n = left.length - start - end;
  const m = right.length - start - end;
  let l = 0;
  let r = 0;
  for (const [x, y] of [...common(left.slice(start, start + n), right.slice(start, start + m)), [n, m]]) {
    for (; l < x && r < y; l++, r++) pairs.push([start + l, start + r]);
    for (; l < x; l++) pairs.push([start + l, -1]);
    for (; r < y; r++) pairs.push([-1, start + r]);
    if (x < n && y < m) pairs.push([start + l++, start + r++]);
  }
  for (let i = end; i > 0; i--) pairs.push([left.length - i, right.length - i]);
  return pairs;
}

/**
 * common gives a longest common sequence as pairs of places. Of lists that are too long for that it gives none.
 * @param {{flat: string}[]} a
 * @param {{flat: string}[]} b
 * @returns {[number, number][]}
 */
function common(a, b) {
  if (a.length * b.length > tableLimit) return [];
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] = a[i].flat === b[j].flat ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  /** @type {[number, number][]} */
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i].flat === b[j].flat) pairs.push([i++, j++]);
    else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) i++;
    else j++;
  }
  return pairs;
}

/**
 * diffText compares two texts line by line.
 * @param {string} left
 * @param {string} right
 * @returns {Line[]}
 */
export function diffText(left, right) {
  const [a, b] = [left, right].map((text) => text.slice(0, limits.characters).split("\n").map((flat) => ({ flat })));
  /** @type {Line[]} */
  const lines = [];
  for (const [l, r] of elements(a, b)) {
    const same = l >= 0 && r >= 0 && a[l].flat === b[r].flat;
    if (l >= 0) lines.push({ sign: same ? " " : "-", depth: 0, text: a[l].flat, volatile: false });
    if (r >= 0 && !same) lines.push({ sign: "+", depth: 0, text: b[r].flat, volatile: false });
  }
  return lines;
}

/**
 * diffBodies compares by structure where both are JSON, else line by line. Note says what is not as one would expect.
 * @param {string} left
 * @param {string} right
 * @returns {{lines: Line[], note: string}}
 */
export function diffBodies(left, right) {
  const [a, b] = [parse(left), parse(right)];
  if (!a || !b) return { lines: diffText(left, right), note: left === right || (!a && !b) ? "" : "Not both are JSON that can be compared by structure, so they are compared line by line." };
  const lines = diff(a, b);
  const equal = lines.every((l) => l.sign === " ");
  return { lines, note: equal && left !== right ? "They say the same, but their bytes differ: in whitespace, in the order of names, or in both." : "" };
}

/**
 * diffFields compares headers by their names, in the order of the left one.
 * @param {[string, string][]} left
 * @param {[string, string][]} right
 * @returns {Line[]}
 */
export function diffFields(left, right) {
  /** @type {Map<string, [string, string][]>} */
  const rest = new Map();
  for (const field of right) rest.set(field[0].toLowerCase(), [...(rest.get(field[0].toLowerCase()) ?? []), field]);
  /** @type {Line[]} */
  const lines = [];
  /** @param {string} sign @param {[string, string]} f */
  const push = (sign, [name, value]) => lines.push({ sign, depth: 0, text: name + ": " + value, volatile: sign !== " " && volatileField.test(name) });
  for (const field of left) {
    const other = rest.get(field[0].toLowerCase())?.shift();
    if (other && other[1] === field[1]) {
      push(" ", field);
      continue;
    }
    push("-", field);
    if (other) push("+", other);
  }
  for (const fields of rest.values()) for (const field of fields) push("+", field);
  return lines;
}

/**
 * runs folds the lines that are the same on both sides, but for some around each difference.
 * @param {Line[]} lines
 * @param {number} around
 * @returns {(Line | {folded: Line[]})[]}
 */
export function runs(lines, around) {
  const near = new Uint8Array(lines.length);
  lines.forEach((l, i) => {
    if (l.sign !== " ") near.fill(1, Math.max(0, i - around), i + around + 1);
  });
  /** @type {(Line | {folded: Line[]})[]} */
  const out = [];
  for (const [i, line] of lines.entries()) {
    const last = out.at(-1);
    if (near[i]) out.push(line);
    else if (last && "folded" in last) last.folded.push(line);
    else out.push({ folded: [line] });
  }
  return out.map((x) => ("folded" in x && x.folded.length === 1 ? x.folded[0] : x));
}
