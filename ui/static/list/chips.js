// @ts-check
// Chips: what is looked for often, as words that a press puts into the search or takes out of it.

import { html } from "../vendor/htm-preact.js";
import { choices, hasWord, toggleChoice, toggleWord } from "../common/words.js";
import { pinnedWord, unreadWord } from "../state/marks.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../state/reader.js").Reader} Reader */

/**
 * A Chip is a filter that is one press away.
 * @typedef {object} Chip
 * @property {string} name
 * @property {string} title
 * @property {(q: string, model: Model) => boolean} on
 * @property {(q: string, model: Model) => string} toggle
 * @property {string=} kind    the mark of a family of events
 * @property {((model: Model) => boolean)=} when
 */

/** choice is a chip for an alternative: with another one of the same key it means either. @param {string} key @param {string} value */
const choice = (key, value) => ({
  on: (/** @type {string} */ q) => choices(q, key).includes(value),
  toggle: (/** @type {string} */ q) => toggleChoice(q, key, value),
});

/** word is a chip for a word. @param {string} text */
const word = (text) => ({
  on: (/** @type {string} */ q) => hasWord(q, text),
  toggle: (/** @type {string} */ q) => toggleWord(q, text),
});

/** The words that the chips for marks have put into the search: what they stand for changes. */
const put = { pinned: "", unread: "" };

/** marked is a chip for what this browser has marked. @param {"pinned" | "unread"} name @param {(model: Model) => string} make */
const marked = (name, make) => ({
  on: (/** @type {string} */ q, /** @type {Model} */ model) => [put[name], make(model)].some((w) => w !== "" && hasWord(q, w)),
  toggle: (/** @type {string} */ q, /** @type {Model} */ model) => {
    const had = [put[name], make(model)].find((w) => w !== "" && hasWord(q, w));
    return toggleWord(q, (put[name] = had ?? make(model)));
  },
});

/** @type {Chip[]} */
const chips = [
  { name: "Failed", title: "The app did not take it", ...choice("state:", "failed") },
  { name: "Held", title: "It waits for the app", ...choice("state:", "held") },
  { name: "Unverified", title: "The signature is not valid", ...word("!verdict:valid") },
  { name: "Render", title: "Events of renders", kind: "render", ...choice("event:", "render.*") },
  { name: "Batch", title: "Events of batches", kind: "batch", ...choice("event:", "batch.*") },
  { name: "Binding", title: "Events of bindings", kind: "binding", ...choice("event:", "binding.*") },
  { name: "Tests", title: "Made here, not sent by Pictify", ...word("source:local") },
  { name: "Pinned", title: "The ones with a star", when: (m) => m.marks.pins.size > 0, ...marked("pinned", (m) => pinnedWord(m.marks)) },
  { name: "Unread", title: "Not opened yet", ...marked("unread", (m) => unreadWord(m.marks)) },
];

/** Chips are the filters. @param {{model: Model, reader: Reader}} props */
export function Chips({ model, reader }) {
  const { q } = model.place;
  /** @param {Chip} c */
  const toggle = (c) => {
    model.go({ q: c.toggle(model.place.q, model) }); // which may be newer than what is drawn
    reader.hurry();
  };
  return html`
    <div class="chips" role="group" aria-label="Filters">
      ${chips.filter((c) => (c.when?.(model) ?? true) || c.on(q, model)).map((c) => html`
        <button class="chip" aria-pressed=${c.on(q, model)} title=${c.title} onClick=${() => toggle(c)}>
          ${c.kind && html`<i class=${"kind " + c.kind} aria-hidden="true" />`}${c.name}
        </button>`)}
    </div>`;
}
