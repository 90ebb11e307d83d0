// @ts-check
// A state in a colour, and in words for whoever does not see it.

import { html } from "../vendor/htm-preact.js";

/**
 * Light is a coloured dot and the words that say the same.
 * @param {{tone: string, words: string, title?: string}} props
 */
export function Light({ tone, words, title }) {
  return html`<span class=${"light " + tone} title=${title}><i aria-hidden="true" />${words}</span>`;
}
