// @ts-check
// What a form of a test event is made of: its schema's places, what has been changed, and the volley that follows.
// Pure functions.

import { duration, oneLine, plural } from "./text.js";

/** @typedef {import("./types.js").Volley} Volley */
/** @typedef {import("./types.js").Edit} Edit */
/** @typedef {import("./types.js").VolleyJob} VolleyJob */

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
 * Somebody's wishes for events of one type.
 * @typedef {object} Form
 * @property {string} seed                    "" until one has been rolled
 * @property {string} at                      RFC 3339, "" until it is known
 * @property {boolean} late                   it happens when it is sent, whatever at says
 * @property {string} type
 * @property {boolean} strict
 * @property {string} id
 * @property {Record<string, string>} drafts  what stands in the inputs that were changed, by path
 * @property {string[]} removed               paths
 * @property {{path: string, value: string, how: "set" | "new" | "remove"}[]} others
 * @property {string[]} tamper
 * @property {string} count
 * @property {string} duplicate
 * @property {boolean} shuffle
 * @property {string} rate
 * @property {string} delay
 * @property {string} drop
 * @property {string} together
 */

/** @returns {Form} */
export function blank() {
  return {
    seed: "", at: "", late: false, type: "", strict: false, id: "", drafts: {}, removed: [], others: [],
    tamper: [], count: "1", duplicate: "1", shuffle: false, rate: "", delay: "", drop: "", together: "",
  };
}

/** clockText is a moment as events have it, in whole seconds: "2026-01-29T10:30:00Z". */
export function clockText(at = new Date()) {
  return at.toISOString().replace(/\.[0-9]+/, "");
}

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

/**
 * mistake finds what is no number; "" when all are. Bounds are the server's to know.
 * @param {Form} form
 */
export function mistake(form) {
  const whole = /^[+-]?[0-9]{1,16}$/;
  const decimal = /^[+-]?[0-9]{1,16}(\.[0-9]{1,9})?$/;
  for (const [what, s, shape] of /** @type {[string, string, RegExp][]} */ ([
    ["The seed", form.seed, whole], ["The number of events", form.count, whole], ["How often each is sent", form.duplicate, whole],
    ["The rate", form.rate, decimal], ["The part that is left out", form.drop, decimal], ["How many at once", form.together, whole],
  ])) {
    if (s.trim() !== "" && !shape.test(s.trim())) return what + " is no " + (shape === whole ? "whole " : "") + "number: " + oneLine(s).slice(0, 40);
  }
  return "";
}

/**
 * volley is what a form wants to be sent, given that there is no {@link mistake} in it.
 * @param {Form} form
 * @param {string} event
 * @param {Edit[]} edits
 * @returns {Volley}
 */
export function volley(form, event, edits) {
  /** @type {Record<string, any>} */
  const v = { event };
  /** @param {string} name @param {string} s @param {string} usual */
  const number = (name, s, usual) => {
    if (s.trim() !== usual && s.trim() !== "") v[name] = Number(s);
  };
  number("seed", form.seed, "");
  if (!form.late && form.at) v.at = form.at.trim();
  if (form.type) v.type = form.type;
  if (form.strict) v.strict = true;
  if (form.id.trim()) v.id = form.id.trim();
  if (edits.length > 0) v.edits = edits;
  if (form.tamper.length > 0) v.tamper = form.tamper;
  number("count", form.count, "1");
  number("duplicate", form.duplicate, "1");
  if (form.shuffle) v.shuffle = true;
  number("rate", form.rate, "");
  number("drop", form.drop, "0");
  if (form.delay.trim()) v.delay = form.delay.trim();
  number("concurrency", form.together, "");
  return /** @type {Volley} */ (/** @type {any} */ (v));
}

/**
 * outcome puts into words what became of a volley. Tone is "ok", "warn" or "bad".
 * @param {VolleyJob} j
 * @returns {{tone: string, words: string}}
 */
export function outcome(j) {
  if (j.state === "failed") return { tone: "bad", words: "Failed: " + oneLine(j.error ?? "") };
  const parts = [];
  if (j.accepted > 0) parts.push(j.accepted.toLocaleString() + " accepted");
  for (const [status, n] of Object.entries(j.statuses).sort()) {
    if (status === "0") parts.push(n.toLocaleString() + " not answered");
    else if (!status.startsWith("2")) parts.push(n.toLocaleString() + " refused with " + oneLine(status));
  }
  if (j.dropped > 0) parts.push(j.dropped.toLocaleString() + " left out");
  const what = parts.join(", ") || "nothing was sent";
  const unanswered = j.statuses["0"] ?? 0;
  const broken = j.sent > j.accepted || j.unexpected > 0;
  const judged = unanswered > 0 || j.state === "running" || !broken ? "" : j.unexpected > 0 ? " " + plural(j.unexpected, "answer is", "answers are") + " not what a correct receiver says." : " Just as a correct receiver does.";
  const tone = unanswered > 0 || j.unexpected > 0 ? "bad" : j.state === "stopped" ? "warn" : "ok";
  if (j.state === "running") return { tone, words: j.sent.toLocaleString() + " of " + j.total.toLocaleString() + ": " + what };
  if (j.state === "stopped") return { tone, words: "Stopped after " + j.sent.toLocaleString() + " of " + j.total.toLocaleString() + ": " + what + "." + judged };
  return { tone, words: "Sent " + plural(j.sent, "request", "requests") + " in " + duration(j.seconds * 1000) + ": " + what + "." + judged };
}

/**
 * announced says in a few words what a press of the button sends.
 * @param {Form} form
 * @param {number} total   requests
 */
export function announced(form, total) {
  const parts = [plural(total, "request", "requests")];
  if (form.tamper.length > 0) parts.push(form.tamper.length === 1 ? "broken on purpose" : "broken in " + form.tamper.length + " ways");
  if (form.rate.trim()) parts.push(oneLine(form.rate.trim()) + " a second");
  return parts.join(", ");
}
