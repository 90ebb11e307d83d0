// @ts-check
// A delivery's signature taken apart: what the header says, what was signed, with what it was checked, and how that came out.

import { html } from "../vendor/htm-preact.js";
import { Light } from "../common/pieces.js";
import { exact, oneLine, plural, verdictSentence } from "../common/text.js";

/** @typedef {import("../types.js").Detail} Detail */
/** @typedef {import("../types.js").Signature} Signature */

/** @param {{d: Detail, onCopy: (text: string) => void}} props */
export function SignatureParts({ d, onCopy }) {
  const s = d.signature;
  if (!s) return null;
  return html`
    <section class="signature" aria-label="Signature">
      <h3>Signature <small>${summary(s)}</small>
        <span class="actions">${s.header && html`<button class="quiet" onClick=${() => onCopy(s.header)}>copy</button>`}</span>
      </h3>
      <p class="sentence"><${Light} tone=${d.verdict === "valid" ? "ok" : "bad"} words=${verdictSentence(d.verdict)} /></p>
      ${d.cause && html`<p class="sentence cause">${oneLine(d.cause.sentence)}${d.cause.change ? " Change: " + oneLine(d.cause.change) + "." : ""}</p>`}
      ${s.fields === 0
        ? html`<p class="empty-body">There is no X-Pictify-Signature header, so there is nothing to take apart.</p>`
        : html`
          <dl class="pairs">
            ${s.fields > 1 && html`<dt>Headers</dt><dd class="bad-text">${s.fields} of them. A verifier may read any, so none is believed. This is the first.</dd>`}
            <dt>Header</dt><dd class="mono">${oneLine(s.header)}</dd>
            ${s.problem && html`<dt>Problem</dt><dd class="bad-text">${said(s.problem)}</dd>`}
            ${s.elements && html`<dt>Parts</dt><dd>${s.elements.map(([name, value]) => html`<div class="mono">${name === "" ? html`<i>no name</i>` : oneLine(name)} = ${oneLine(value)}</div>`)}</dd>`}
            ${s.t !== undefined && html`<dt>t</dt><dd><span class="mono">${s.t}</span> · ${s.at ? exact(new Date(s.at)) : "a year with more than four digits"}</dd>`}
            ${s.age !== undefined && html`<dt>Age on arrival</dt><dd class=${Math.abs(s.age) > s.tolerance ? "bad-text" : ""}>${age(s)}</dd>`}
            ${s.v1.map((v1, i) => html`<dt>v1${s.v1.length > 1 ? " no. " + (i + 1) : ""}</dt><dd class="mono">${oneLine(v1)}</dd>`)}
            ${s.signed !== undefined && html`
              <dt>Signed text</dt><dd><code class="signed">${oneLine(s.signed)}${(s.signed_bytes ?? 0) > s.signed.length ? "…" : ""}</code>
                <small>${plural(s.signed_bytes ?? 0, "byte", "bytes")}: t, a point, and the body to the letter</small></dd>`}
            <dt>Checked with</dt><dd>${checked(s, d)}</dd>
          </dl>`}
    </section>`;
}

/** summary is the section in few words. @param {Signature} s */
function summary(s) {
  if (s.fields === 0) return "none";
  if (s.problem) return "cannot be read";
  return "HMAC-SHA256 of t.body";
}

/** age says how old the signature was, against what is allowed. @param {Signature} s */
export function age(s) {
  const n = s.age ?? 0;
  const limit = " the limit is " + s.tolerance + " s in both directions";
  if (Math.abs(n) <= s.tolerance) return (n < 0 ? span(-n) + " from the future" : span(n)) + ", in time:" + limit;
  return (n < 0 ? span(-n) + " from the future" : span(n)) + ", too far from the arrival:" + limit;
}

/** span writes seconds as people say them. @param {number} s */
function span(s) {
  if (s < 120) return s + " s";
  if (s < 2 * 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
  if (s < 2 * 86_400) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  return plural(Math.floor(s / 86_400), "day", "days");
}

/** checked names the secret, never what it is. @param {Signature} s @param {Detail} d */
function checked(s, d) {
  if (s.secret === "") return d.verdict === "unknown-secret" ? "nothing: the secret of the path that it came in by is not known" : "nothing: there was no signature that could be read";
  const name = s.secret === "local" ? "the local secret" : "the secret of " + (d.subscription ? "subscription " + oneLine(d.subscription) : "its subscription");
  return name + (s.matched ? ", which is what it was signed with" : ", which it does not match");
}

/** @param {string} s */
function said(s) {
  const words = oneLine(s);
  return words.charAt(0).toUpperCase() + words.slice(1) + ".";
}
