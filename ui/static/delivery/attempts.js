// @ts-check
// What became of a delivery at the app: each attempt on one axis of time, and what Pictify would have made of the answer.

import { html, useState } from "../vendor/htm-preact.js";
import { ago, answer, answerTone, duration, exact, oneLine, plural, sentence, size } from "../common/text.js";
import { Body } from "./body.js";
import { Fields } from "./fields.js";

/** @typedef {import("../types.js").Attempt} Attempt */
/** @typedef {import("../types.js").Detail} Detail */
/** @typedef {import("../types.js").Production} Production */

const few = 6; // attempts that are shown at first

/** @param {{d: Detail, onCopy: (text: string) => void}} props */
export function Attempts({ d, onCopy }) {
  const [all, setAll] = useState(false);
  const list = d.attempts;
  if (list.length === 0) return null;
  const at = axis(new Date(d.time).getTime(), list);
  const shown = list.toReversed().slice(0, all ? undefined : few);
  return html`
    <section class="attempts" aria-label="Attempts">
      <h3>Attempts ${d.attempt_count > list.length && html`<small>the last ${list.length} of ${d.attempt_count.toLocaleString()}</small>`}</h3>
      ${shown.map((a, i) => html`<${AttemptLine} key=${a.n} a=${a} d=${d} at=${at} onCopy=${onCopy} open=${i === 0 && answerTone(a) !== "ok"} />`)}
      <p class="axis" aria-hidden="true"><span>arrived</span><span>${duration(at.total)} later</span></p>
      ${list.length > few && html`<button class="quiet" onClick=${() => setAll(!all)}>${all ? "show fewer" : "show all " + list.length}</button>`}
    </section>`;
}

/**
 * An axis of time from the arrival to the end of the last attempt. Minutes of waiting and milliseconds of work are both
 * to be seen, so a stretch between two things that happened is as long as the logarithm of its time.
 * @typedef {object} Axis
 * @property {number} total              ms
 * @property {(ms: number) => number} place   of a moment, 0 to 100
 */

/**
 * @param {number} arrived    ms
 * @param {Attempt[]} list
 * @returns {Axis}
 */
export function axis(arrived, list) {
  const moments = [0];
  for (const a of list) {
    const start = Math.max(0, new Date(a.time).getTime() - arrived);
    moments.push(start, start + a.duration_ms);
  }
  moments.sort((a, b) => a - b);
  const places = [0];
  for (let i = 1; i < moments.length; i++) places.push(places[i - 1] + Math.log2(1 + moments[i] - moments[i - 1]));
  const whole = /** @type {number} */ (places.at(-1)) || 1;
  return {
    total: /** @type {number} */ (moments.at(-1)),
    place: (ms) => (100 * places[Math.max(0, moments.indexOf(ms))]) / whole,
  };
}

/** @param {{a: Attempt, d: Detail, at: Axis, open: boolean, onCopy: (text: string) => void}} props */
function AttemptLine({ a, d, at, open, onCopy }) {
  const time = new Date(a.time);
  const waited = Math.max(0, time.getTime() - new Date(d.time).getTime());
  const left = at.place(waited);
  const width = at.place(waited + a.duration_ms) - left;
  const bar = duration(waited) + " after the arrival, took " + duration(a.duration_ms);
  return html`
    <details class=${"attempt " + (a.kind === "replay" ? "replayed" : "")} open=${open}>
      <summary>
        <span class="n">${a.n}</span>
        <b class=${"answer " + answerTone(a)}>${answer(a)}</b>
        <span class="took">${duration(a.duration_ms)}</span>
        <span class="bar timed" title=${bar} aria-hidden="true"><u style=${{ width: left + "%" }} /><i class=${answerTone(a)} style=${{ left: "min(" + left + "%, 100% - 4px)", width: width + "%" }} /></span>
        <span class="what">${kinds.get(a.kind) ?? oneLine(a.kind)}</span>
        <time datetime=${a.time} title=${exact(time)}>${ago(time, new Date())}</time>
      </summary>
      <p class="mono request-line">POST ${oneLine(a.url)}</p>
      <p class="hint">${exact(time)}, ${bar}. ${sent(a, d)}</p>
      ${a.error && html`<p class="trouble">${sentence(oneLine(a.error))}</p>`}
      ${a.header && a.header.length > 0 && html`<${Fields} list=${a.header} label="Headers of the answer" onCopy=${onCopy} />`}
      ${a.status > 0 && html`<${Body} title="Answer" text=${a.body} base64=${a.body_base64} bytes=${a.bytes ?? 0} truncated=${a.truncated} onCopy=${onCopy} />`}
    </details>`;
}

const kinds = new Map([["forward", "forwarded"], ["replay", "replayed"]]);

/** sent says what is known of the request; its header was not kept. @param {Attempt} a @param {Detail} d */
function sent(a, d) {
  if (a.kind !== "forward" && a.kind !== "replay") return "";
  return "It was given the payload to the letter (" + size(d.bytes) + ") with its headers, signed anew unless listen was started with --no-resign.";
}

/** @param {{p: Production}} props */
export function Outlook({ p }) {
  return html`<p class=${"sentence outlook " + (p.failing ? "warn" : "ok")}><b>In production</b> ${outlook(p)}</p>`;
}

const failings = new Map([
  ["no-answer", "there was no answer"], ["too-slow", "it took longer than 30 s"], ["redirects", "a redirect is no 2xx"], ["no-success", "only a 2xx counts"],
]);

/** outlook tells what Pictify would do. @param {Production} p */
export function outlook(p) {
  const which = p.made > 1 ? ", after " + p.made + " attempts," : "";
  if (!p.failing) return "Pictify" + which + " would count it as received, and be done.";
  const why = failings.get(p.failing) ?? "it counts as a failure";
  if (p.gives_up) return "Pictify would give up: " + why + ", and that was the last of " + p.of + " attempts. The subscription would be disabled.";
  const [first, ...more] = p.next.map(wait);
  const then = more.length > 0 ? ", then after " + list(more) : "";
  return "Pictify" + which + " would retry in " + first + then + ": " + why + ". " + plural(p.next.length, "attempt", "attempts") + " left; if all fail, the subscription is disabled.";
}

/** wait writes a wait of the documented schedule. @param {number} s */
function wait(s) {
  if (s % 3600 === 0) return plural(s / 3600, "hour", "hours");
  if (s % 60 === 0) return plural(s / 60, "minute", "minutes");
  return plural(s, "second", "seconds");
}

/** @param {string[]} words */
function list(words) {
  return words.length < 2 ? words.join("") : words.slice(0, -1).join(", ") + " and " + words.at(-1);
}
