// @ts-check
// What a form of a test event is made of: its schema's places, what has been changed, as edits.
// Pure functions.

import { oneLine } from "../common/text.js";

/** @typedef {import("../types.js").Edit} Edit */
/** @typedef {import("./wish.js").Form} Form */

/**
 * A place in an event that has an input of its own.
 * @typedef {object} Leaf
 * @property {string} path        as edits name it
 * @property {string[]} names     the same, one by one
 * @property {boolean} required   by the documents, with all that is around it
 * @property {string[]} types     of JSON: "string", "integer" …
 * @property {string[]} choices   the values that there are, [] for any
 * @property {boolean} constant   there is one value and no other
 * @property {number | null} minimum
 * @property {boolean} filled     an empty text is against the documents
 * @property {RegExp | null} pattern
 * @property {string} meaning     of the pattern, in words
 * @property {string} format
 * @property {string} hint
 * @property {string} example
 */

/**
 * leaves lists the places of a schema that have no places below them, in its order.
 * @param {any} schema
 * @returns {Leaf[]}
 */
export function leaves(schema) {
  /** @type {Leaf[]} */
  const list = [];
  /** @param {any} at @param {string[]} names @param {boolean} required */
  const walk = (at, names, required) => {
    const properties = Object.entries(at?.properties ?? {});
    if (names.length > 0 && (properties.length === 0 || names.length > 8)) return void list.push(leaf(at, names, required));
    for (const [name, below] of properties) walk(below, [...names, name], required && [].concat(at.required ?? []).includes(/** @type {never} */ (name)));
  };
  walk(schema, [], true);
  return list;
}

/** @param {any} at @param {string[]} names @param {boolean} required @returns {Leaf} */
function leaf(at, names, required) {
  const constant = at?.const !== undefined;
  return {
    path: names.map((n) => n.replace(/[\\.]/g, "\\$&")).join("."), names, required, constant,
    types: [].concat(at?.type ?? []), choices: constant ? [String(at.const)] : (Array.isArray(at?.enum) ? at.enum.map(String) : []),
    minimum: typeof at?.minimum === "number" ? at.minimum : null, filled: at?.minLength > 0, pattern: pattern(at?.pattern),
    meaning: text(at?.$comment), format: text(at?.format), hint: text(at?.description),
    example: at?.examples?.length > 0 ? shown(at.examples[0]) : "",
  };
}

/** @param {unknown} s */
function text(s) {
  return typeof s === "string" ? s : "";
}

/** @param {unknown} source */
function pattern(source) {
  try {
    return typeof source === "string" ? new RegExp(source, "u") : null;
  } catch {
    return null;
  }
}

/** shown is a value as its input has it: a text as it is, anything else as JSON. @param {unknown} value */
export function shown(value) {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

/** made gives what an event has at a place, undefined for nothing. @param {any} event @param {Leaf} l */
export function made(event, l) {
  for (const name of l.names) event = event !== null && typeof event === "object" && Object.hasOwn(event, name) ? event[name] : undefined;
  return event;
}

/** isText tells whether what is typed is the text itself and not JSON. @param {Leaf} l */
export function isText(l) {
  return l.types.length === 0 ? l.choices.length > 0 : l.types.every((t) => t === "string");
}

/**
 * typed writes a text so that an edit takes it for a text, whatever it looks like.
 * @param {string} s
 */
export function typed(s) {
  return isJSON(s) ? JSON.stringify(s) : s;
}

/** @param {string} s */
export function isJSON(s) {
  try {
    JSON.parse(s);
    return true;
  } catch {
    return false;
  }
}

/**
 * problem says what the documents have against a draft; "" for nothing. It is sent all the same if it can be.
 * @param {Leaf} l
 * @param {string} s
 */
export function problem(l, s) {
  if (!isText(l)) {
    if (!isJSON(s)) return "This is no JSON, so it is not taken.";
    const value = JSON.parse(s);
    const type = value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
    const fits = l.types.includes(type) || (type === "integer" && l.types.includes("number"));
    if (!fits) return "The documents have " + l.types.map(oneLine).join(" or ") + " here.";
    if (l.minimum !== null && value < l.minimum) return "The documents have at least " + l.minimum + " here.";
    return "";
  }
  if (l.choices.length > 0 && !l.choices.includes(s)) return "The documents have " + l.choices.map(oneLine).join(", ") + " here.";
  if (l.filled && s === "") return "The documents have some text here.";
  if (l.pattern && !l.pattern.test(s)) return "The documents have " + (oneLine(l.meaning) || "something else") + " here.";
  return "";
}

/**
 * leafEdit is the edit that an input stands for, null for none.
 * @param {Form} form
 * @param {Leaf} l
 * @param {any} event   as it was made
 * @returns {Edit | null}
 */
export function leafEdit(form, l, event) {
  const was = made(event, l);
  if (form.removed.includes(l.path)) return was === undefined ? null : { path: l.path, remove: true };
  const draft = form.drafts[l.path];
  if (draft === undefined || draft === shown(was)) return null;
  if (isText(l)) return { path: l.path, value: typed(draft) };
  return isJSON(draft) ? { path: l.path, value: draft.trim() } : null;
}

/**
 * edits are all changes of a form: those of its inputs, then the others.
 * @param {Form} form
 * @param {Leaf[]} list
 * @param {any} event   as it was made
 * @returns {Edit[]}
 */
export function edits(form, list, event) {
  const all = list.map((l) => leafEdit(form, l, event)).filter((e) => e !== null);
  for (const { path, value, how } of form.others) {
    if (path.trim() === "") continue;
    all.push(how === "remove" ? { path: path.trim(), remove: true } : how === "new" ? { path: path.trim(), value, new: true } : { path: path.trim(), value });
  }
  return all;
}
