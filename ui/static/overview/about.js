// @ts-check
// What there is to know of this run: versions, files, what is kept and for how long, warnings.

import { html } from "../vendor/htm-preact.js";
import { copy } from "../common/pieces.js";
import { exact, oneLine, plural, size } from "../common/text.js";
import { useClock, useReading } from "../state/reading.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").Run} Run */

const acks = /** @type {Record<string, string>} */ ({
  record: "at once, when the delivery is stored; then the app gets it",
  relay: "with the app's own answer, for which the sender waits",
});
const ends = /** @type {Record<string, string>} */ ({
  delete: "removed when pictap ends", pause: "paused when pictap ends", keep: "left as they are when pictap ends",
});

/** @param {{model: Model}} props */
export function About({ model }) {
  const { data, trouble } = useReading(model, "/api/run", { pause: 10_000 });
  useClock(30_000);
  /** @type {Run | null} */
  const run = data;
  const s = model.status;
  return html`
    <section aria-label="About this run">
      <h2>About this run</h2>
      ${trouble && html`<p class="trouble" role="status">It could not be read: ${trouble}</p>`}
      ${run && html`
        <dl class="about">
          <${Item} name="Warnings">${s && s.warnings.length > 0 ? s.warnings.map((w) => html`<div>${oneLine(w)}</div>`) : "none"}<//>
          <${Item} name="Version">${s && oneLine(s.version)}<//>
          ${run.started > "1" && html`<${Item} name="Running"><time datetime=${run.started} title=${exact(new Date(run.started))}>${lasting(Date.now() - Date.parse(run.started))}</time><//>`}
          ${run.api && html`<${Item} name="Service"><span class="mono">${oneLine(run.api)}</span>${run.account && " with the " + oneLine(run.account)}<//>`}
          ${run.on_exit && html`<${Item} name="Subscriptions">${ends[run.on_exit] ?? oneLine(run.on_exit)}<//>`}
          ${run.receiver && html`<${Item} name="Receiver"><span class="mono">${oneLine(run.receiver)}</span><//>`}
          ${run.ack && html`<${Item} name="Senders">are answered ${acks[run.ack] ?? oneLine(run.ack)}<//>`}
          ${run.ack && html`<${Item} name="Signature">${run.resign ? "what is forwarded is signed anew, with the local secret" : "the sender's is forwarded as it is"}<//>`}
          ${run.state_dir && html`<${Item} name="State"><span class="mono">${oneLine(run.state_dir)}</span>
            <button class="quiet" aria-label="Copy the path of the state directory" onClick=${() => copy(model, run.state_dir)}>copy</button><//>`}
          <${Item} name="Database">${run.database && html`<span class="mono" title=${oneLine(run.database)}>${oneLine(run.database).split(/[\\/]/).at(-1)}</span>, `}${large(run.database_bytes)}<//>
          <${Item} name="Stored">${plural(run.deliveries, "delivery", "deliveries")}, ${large(run.bytes)}, and ${run.unverified.toLocaleString()} that did not verify<//>
          <${Item} name="Kept">the newest ${run.keep_count.toLocaleString()}, at most ${large(run.keep_bytes)}, and the newest ${run.keep_unverified.toLocaleString()} that did not verify; none that still waits is dropped<//>
        </dl>`}
    </section>`;
}

/** @param {{name: string, children?: any}} props */
function Item({ name, children }) {
  return html`<dt>${name}</dt><dd>${children}</dd>`;
}

/** large is a number of bytes that may be gigabytes. @param {number} n */
function large(n) {
  return n < 999_500_000 ? size(n) : (n / 1e9).toFixed(1) + " GB";
}

/** lasting writes how long something has been going on. @param {number} ms */
export function lasting(ms) {
  const m = Math.floor(ms / 60_000);
  if (m < 1) return "for less than a minute";
  if (m < 60) return "for " + plural(m, "minute", "minutes");
  const h = Math.floor(m / 60);
  return h < 48 ? "for " + h + " h " + (m % 60) + " min" : "for " + plural(Math.floor(h / 24), "day", "days");
}
