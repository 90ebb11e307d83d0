// @ts-check
// What is shown when there is nothing to show: the next step.

import { html } from "../vendor/htm-preact.js";
import { oneLine } from "../common/text.js";
import { EventButtons, Shaping } from "../trigger/trigger.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").Status} Status */

/** @param {{model: Model}} props */
export function Empty({ model }) {
  const s = model.status;
  return html`
    <div class="empty">
      <h3>Nothing has arrived yet</h3>
      <p>${s ? listening(s) : ""}</p>
      ${s && s.events.length > 0
        ? html`<p>Send a signed test event to see one arrive:</p><${EventButtons} model=${model} /><${Shaping} model=${model} />
            <p class="hint">The same from a terminal: <code>pictap trigger render.completed</code></p>`
        : html`<p class="hint">Send one from a terminal: <code>pictap trigger render.completed</code></p>`}
      ${s && steps(s).map((step) => html`<p class="hint">${step}</p>`)}
    </div>`;
}

/** @param {Status} s */
function listening(s) {
  const n = s.subscriptions.length;
  if (n > 0) return "Pictify calls this machine for " + s.subscriptions.map((x) => oneLine(x.event)).join(", ") + ". Render something, and it shows up here.";
  if (s.mode === "local" || s.tunnel === "local") return "Requests from this machine show up here, verified, the moment they come in.";
  if (s.public_url) return "Requests to the public URL show up here, verified, the moment they come in.";
  return "Deliveries show up here, verified, the moment they come in.";
}

/**
 * steps are what is still in the way, and what to do about it: at most two, the nearest first.
 * @param {Status} s
 */
function steps(s) {
  const list = [];
  if (s.app === "down") list.push(html`Nothing answers at <code>${oneLine(s.forward_to)}</code> yet. Deliveries wait for it, none is lost.`);
  if (!s.forward_to) list.push(html`They are only recorded: <code>pictap listen 3000</code> hands them on to the app on that port.`);
  if (s.tunnel === "online" && !s.probed) list.push("No request has come back through the public URL yet, so it is not certain that Pictify gets through.");
  else if (s.mode === "local" && s.warnings.length === 0) list.push(html`Pictify cannot call this machine: <code>pictap listen 3000</code> without <code>--tunnel none</code> opens a way in.`);
  if (s.mode === "mock" && s.public_url) list.push("The mock plays Pictify: ask it for a render, and its webhook comes in here.");
  return list.slice(0, 2);
}

/** What a page without a key shows. */
export function Locked() {
  return html`
    <main class="locked">
      <h1>pictap</h1>
      <h2>This page needs its link</h2>
      <p>pictap prints it in the terminal. Each link lets in one page, so open the newest one.</p>
      <p class="hint">While another tab shows your deliveries, this one is let in by itself.</p>
    </main>`;
}
