// @ts-check
// What somebody wishes to be sent, and what became of it, in words. Pure functions.

import { duration, oneLine, plural } from "../common/text.js";

/** @typedef {import("../types.js").Volley} Volley */
/** @typedef {import("../types.js").Edit} Edit */
/** @typedef {import("../types.js").VolleyJob} VolleyJob */

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
