// @ts-check
// Sending test events: one button for each type that pictap can make.

import { html, useState } from "../vendor/htm-preact.js";
import { kindOf } from "../common/text.js";
import { call, message } from "../state/session.js";

/** @typedef {import("../state/model.js").Model} Model */

/**
 * EventButtons sends a signed test event at each press. The event then comes in by the same way as a real one.
 * @param {{model: Model}} props
 */
export function EventButtons({ model }) {
  const [busy, setBusy] = useState("");
  /** @param {string} event */
  const send = async (event) => {
    setBusy(event);
    try {
      await call("POST", "/api/trigger", { event });
      model.say("Sent " + event + ".", "ok");
    } catch (err) {
      model.say("Could not send " + event + ": " + message(err), "bad");
    } finally {
      setBusy("");
    }
  };
  return html`
    <div class="event-buttons" role="group" aria-label="Send a test event">
      ${(model.status?.events ?? []).map((event) => html`
        <button disabled=${busy === event} onClick=${() => send(event)}>
          <i class=${"kind " + kindOf(event)} aria-hidden="true" />${event}
        </button>`)}
    </div>`;
}

/** Shaping leads to where test events are shaped, if there is such a place. @param {{model: Model}} props */
export function Shaping({ model }) {
  if (!model.status?.can_shape) return null;
  return html`<button class="quiet shaping" onClick=${() => model.go({ view: "trigger" })}>Choose what is in it, break it, or send many …</button>`;
}

/**
 * Trigger is the toolbar's way to the buttons.
 * @param {{model: Model, open: boolean, onToggle: () => void}} props
 */
export function Trigger({ model, open, onToggle }) {
  if (!model.status?.events.length) return null;
  return html`
    <div class="trigger">
      <button aria-expanded=${open} aria-controls="trigger" onClick=${onToggle}>Send a test event</button>
      ${open && html`<div class="panel" id="trigger"><${EventButtons} model=${model} /><${Shaping} model=${model} /></div>`}
    </div>`;
}
