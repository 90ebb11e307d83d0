// @ts-check
// The search: its box with completion, what is wrong with it, and how much it has found.

import { Component, html } from "../vendor/htm-preact.js";
import { oneLine, plural, sentence } from "../common/text.js";
import { around, complete } from "../common/words.js";
import { load, store } from "../state/keep.js";
import { call } from "../state/session.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../state/reader.js").Reader} Reader */
/** @typedef {import("../common/words.js").Proposal} Proposal */
/** @typedef {import("../types.js").SearchWord} SearchWord */

const rest = 1_500; // ms without a letter after which leaving the box makes the search a place of its own
const mostRecent = 8;
const mostEvents = 20; // types that are proposed because they were seen

export class Search extends Component {
  constructor() {
    super();
    /** @type {{text: string, open: boolean, at: number, vocabulary: SearchWord[]}} */
    this.state = { text: "", open: false, at: -1, vocabulary: [] };
    /** @type {HTMLInputElement | null} */
    this.input = null;
    this.draft = false; // letters since the search was last finished replace its place
    this.q = ""; // the place's search as we know it
    this.typed = 0; // when the last letter came
    this.asked = false; // for the vocabulary
  }

  /** @returns {{model: Model, reader: Reader}} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  /** write takes over a text. @param {string} text @param {boolean} letter   it is being typed */
  write(text, letter) {
    const { model } = this.own;
    this.typed = performance.now();
    this.q = text;
    model.go({ q: text }, this.draft);
    this.draft = model.drafting = letter;
    this.setState({ text, open: letter, at: -1 });
  }

  /** finish makes what was typed a place of its own, and the search now. */
  finish() {
    const { model, reader } = this.own;
    this.draft = model.drafting = false;
    this.setState({ open: false, at: -1 });
    reader.hurry();
    remember(model.place.q.trim());
  }

  /** @param {string} q */
  choose(q) {
    this.write(q.trim(), false);
    this.finish();
  }

  /** @param {Proposal} p */
  take(p) {
    const input = /** @type {HTMLInputElement} */ (this.input);
    input.value = p.q;
    input.setSelectionRange(p.caret, p.caret);
    this.write(p.q, true);
    this.setState({ open: !p.complete });
  }

  async learn() {
    if (this.asked) return;
    this.asked = true;
    try {
      this.setState({ vocabulary: (await call("GET", "/api/search/words")).words });
    } catch {
      this.asked = false; // the next time
    }
  }

  /** proposals are how the search could go on; in an empty box, also the searches made last. @returns {Proposal[]} */
  get proposals() {
    const { text, open, vocabulary } = this.state;
    if (!open) return [];
    const seen = new Set(this.own.model.all.rows.slice(-500).map((d) => d.event).filter(Boolean));
    const list = complete(text, this.input?.selectionStart ?? text.length, vocabulary, [...seen].slice(0, mostEvents));
    if (text.trim()) return list;
    return [...recent().map((q) => ({ text: q, meaning: "searched for before", q, caret: q.length, complete: true })), ...list];
  }

  /** @param {KeyboardEvent} e @param {Proposal[]} list */
  key(e, list) {
    if (e.isComposing) return;
    const { at } = this.state;
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (!this.state.open) return this.setState({ open: true, at: -1 });
      const n = list.length + 1; // one more place: none
      return this.setState({ at: ((at + 1 + (e.key === "ArrowDown" ? 1 : n - 1)) % n) - 1 });
    }
    if ((e.key === "Enter" || e.key === "Tab") && list[at]) {
      e.preventDefault();
      return this.take(list[at]);
    }
    if (e.key === "Enter") return this.finish();
    if (e.key !== "Escape") return;
    e.preventDefault();
    if (list.length > 0) return this.setState({ open: false, at: -1 });
    this.finish();
    this.input?.blur();
    /** @type {HTMLElement | null} */ (document.querySelector(".list"))?.focus({ preventScroll: true });
  }

  left() {
    this.own.model.drafting = false;
    this.own.model.changed();
    this.setState({ open: false, at: -1 });
    if (this.draft && performance.now() - this.typed > rest) this.finish();
  }

  render() {
    const { model } = this.own;
    if (model.place.q !== this.q) { // by the back button, or by another part of the page
      this.q = this.state.text = model.place.q;
      this.draft = model.drafting = false;
      this.state.at = -1;
    }
    const { text, at } = this.state;
    const list = this.proposals;
    const bad = troubled(model);
    return html`
      <div class="search" role="search">
        <input type="text" role="combobox" aria-label="Search deliveries" aria-expanded=${list.length > 0} aria-controls="proposals" aria-autocomplete="list"
          aria-activedescendant=${list[at] ? "proposal-" + at : undefined} aria-invalid=${bad ? "true" : undefined} aria-describedby=${bad ? "search-trouble" : undefined}
          placeholder="Search: event:render.* status:>=400 any text" autocomplete="off" autocapitalize="off" spellcheck=${false} maxlength="4096" value=${text}
          ref=${(/** @type {HTMLInputElement} */ e) => (this.input = e)} onInput=${(/** @type {any} */ e) => this.write(e.target.value, true)}
          onFocus=${() => this.learn()} onBlur=${() => this.left()} onKeyDown=${(/** @type {KeyboardEvent} */ e) => this.key(e, list)}
          onClick=${() => this.setState({ open: !text })} />
        ${text && html`<button class="quiet clear" aria-label="Clear the search" title="Clear" onClick=${() => { this.choose(""); this.input?.focus(); }}>✕</button>`}
        <ul class="proposals" id="proposals" role="listbox" aria-label="Completions" hidden=${list.length === 0}>
          ${list.map((p, i) => html`
            <li id=${"proposal-" + i} role="option" aria-selected=${i === at} ref=${i === at ? (/** @type {HTMLElement} */ e) => e?.scrollIntoView({ block: "nearest" }) : undefined}
              onMouseDown=${(/** @type {MouseEvent} */ e) => { e.preventDefault(); this.take(p); }}>
              <code>${oneLine(p.text)}</code>${p.meaning && html`<span>${p.meaning}</span>`}
            </li>`)}
        </ul>
      </div>`;
  }
}

const forgive = 700; // ms without a letter before somebody is told that what they write makes no sense

/** troubled tells whether it is time to say what is wrong with the search. @param {Model} model */
export function troubled(model) {
  const { trouble } = model;
  if (!trouble) return false;
  const unfinished = trouble.pos >= trouble.q.trimEnd().length; // a value that is still to come is no mistake
  return !model.drafting || (!unfinished && performance.now() - trouble.at > forgive);
}

/** Trouble shows where a search makes no sense, and what would. @param {{model: Model}} props */
export function Trouble({ model }) {
  const trouble = /** @type {NonNullable<typeof model.trouble>} */ (model.trouble);
  const part = around(trouble.q, trouble.pos);
  return html`
    <p class="search-trouble" id="search-trouble" role="alert">
      <code>${oneLine(part.before)}<mark>${oneLine(part.wrong)}</mark>${oneLine(part.after)}</code>
      <span class="what">${sentence(oneLine(trouble.error))}</span>
      ${trouble.hint && html`<span class="hint">${sentence(oneLine(trouble.hint))}</span>`}
    </p>`;
}

/** count says how many deliveries the list has, and of how many. @param {Model} model */
export function count(model) {
  const { list } = model;
  const n = list.rows.length;
  const total = Math.max(n, model.found ? model.found.total : list.total);
  if (!list.loaded) return model.searching ? "searching…" : "";
  if (!model.found) return total.toLocaleString();
  const of = " of " + total.toLocaleString();
  if (!list.more) return n.toLocaleString() + of;
  return list.reading ? plural(n, "match", "matches") + " so far, looking further…" : n.toLocaleString() + "+" + of;
}

/** NoMatch is shown where a search has found nothing. @param {{model: Model, onClear: () => void}} props */
export function NoMatch({ model, onClear }) {
  return html`
    <div class="empty none">
      <h3>${model.more ? "Nothing so far" : "Nothing matches"}</h3>
      <p class="sought"><code>${oneLine(model.search)}</code></p>
      <p>${model.more ? "Nothing down to d" + model.list.next + ". Looking through older ones…" : (model.list.total === 1 ? "The one delivery stored does not fit." : "None of the " + plural(model.list.total, "delivery", "deliveries") + " stored fits.") + " New ones that do show up here."}</p>
      <button onClick=${onClear}>Clear the search</button>
    </div>`;
}

/** recent are the searches that were finished last, the newest first. @returns {string[]} */
function recent() {
  try {
    const list = JSON.parse(load("pictap.searches") ?? "[]");
    return Array.isArray(list) ? list.filter((q) => typeof q === "string" && q !== "").slice(0, mostRecent) : [];
  } catch {
    return [];
  }
}

/** @param {string} q */
function remember(q) {
  if (q) store("pictap.searches", JSON.stringify([q, ...recent().filter((r) => r !== q)].slice(0, mostRecent)));
}
