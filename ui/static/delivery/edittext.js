// @ts-check
// Texts of the editor: colours, layout, and characters that do not show. Pure functions.

import { layout } from "../common/json.js";
import { visible } from "../common/text.js";

/** @typedef {import("../common/json.js").Span} Span */

const whole = { spans: 400_000, characters: 8_000_000 };
const colours = { spans: 4_000, characters: 200_000 }; // beyond, colouring at every key would be felt

/** laidOut is JSON with two blanks a level; null for what is none. @param {string} text */
export function laidOut(text) {
  const { spans, error, cut } = layout(text, whole);
  return error || cut ? null : spans.map((s) => s.text).join("");
}

/** compact is JSON without whitespace between the values; null for what is none. Its tokens stay as they are. @param {string} text */
export function compact(text) {
  const { spans, error, cut } = layout(text, whole);
  return error || cut ? null : spans.map((s) => (s.kind ? s.text : s.text.replace(/[ \n]/g, ""))).join("");
}

/**
 * coloured cuts text into stretches to be coloured, up to where it ceases to be JSON. Together they are the text.
 * @param {string} text
 * @returns {Span[]}
 */
export function coloured(text) {
  /** @type {Span[]} */
  const list = [];
  let at = 0;
  for (const { kind, text: token } of layout(text, colours).spans) {
    if (!kind) continue;
    const start = text.indexOf(token, at); // what lies between are blanks and punctuation, which no token is part of
    if (start < 0) break;
    if (start > at) list.push({ kind: "", text: text.slice(at, start) });
    list.push({ kind, text: token });
    at = start + token.length;
  }
  if (at < text.length) list.push({ kind: "", text: text.slice(at) });
  return list;
}

/** lineStart is where a line begins, the first being 1. @param {string} text @param {number} line */
export function lineStart(text, line) {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf("\n", at);
    if (end < 0) return at;
    at = end + 1;
  }
  return at;
}

/**
 * unseenIn says which characters of a text would hide, or rearrange their neighbours; null for none.
 * @param {string} text
 */
export function unseenIn(text) {
  if (visible(text) === text) return null;
  let count = 0;
  let line = 1;
  let first = 0;
  let name = "";
  for (const c of text) {
    if (c === "\n") line++;
    if (visible(c) === c) continue;
    if (count++ === 0) [first, name] = [line, "U+" + /** @type {number} */ (c.codePointAt(0)).toString(16).toUpperCase().padStart(4, "0")];
  }
  return { count, line: first, name };
}

/** escapeUnseen writes such characters as JSON's escapes, which mean the same within a string. @param {string} text */
export function escapeUnseen(text) {
  let out = "";
  for (const c of text) {
    if (visible(c) === c) out += c;
    else for (let i = 0; i < c.length; i++) out += "\\u" + c.charCodeAt(i).toString(16).padStart(4, "0");
  }
  return out;
}
