// @ts-check
// Pieces of several views: a state as a coloured light, text for the clipboard, and what waits handed over.

import { html } from "../vendor/htm-preact.js";
import { call, message } from "../state/session.js";
import { oneLine, plural } from "./text.js";

/** @typedef {import("../state/model.js").Model} Model */

/**
 * Light is a coloured dot and the words that say the same.
 * @param {{tone: string, words: string, title?: string}} props
 */
export function Light({ tone, words, title }) {
  return html`<span class=${"light " + tone} title=${title}><i aria-hidden="true" />${words}</span>`;
}

/**
 * drain has pictap look for the app at once, and says what came of it.
 * @param {Model} model
 */
export async function drain(model) {
  try {
    /** @type {import("../types.js").Drained} */
    const { app, reason, waiting } = await call("POST", "/api/drain", {});
    const what = plural(waiting, "delivery", "deliveries");
    if (app === "answering") model.say("The app answers" + (waiting > 0 ? ": " + what + (waiting === 1 ? " is" : " are") + " on the way." : "."), "ok");
    else model.say("The app cannot be reached" + (reason ? ": " + oneLine(reason) : "") + ". " + what + (waiting === 1 ? " waits" : " wait") + " on.", "bad");
  } catch (err) {
    model.say("Could not look for the app: " + message(err), "bad");
  }
}

/**
 * copy puts text on the clipboard and says so.
 * @param {Model} model
 * @param {string} text
 */
export async function copy(model, text) {
  try {
    await navigator.clipboard.writeText(text);
    model.say("Copied.", "ok");
  } catch {
    model.say("The browser does not allow copying.", "bad");
  }
}
