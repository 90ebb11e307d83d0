// @ts-check
// Changing a delivery and sending it as a new one, signed anew.
//
// A text area over a layer of the same text in colours. (codejar, the small editor that would do for this, makes
// markup of text when it undoes and pastes, which this page's policy forbids; and a text area is what screen readers,
// spell checkers and the browser's own undo know.) What is problematic is said at its line and never forbids sending:
// broken events are what people test with.

import { Component, html } from "../vendor/htm-preact.js";
import { oneLine, plural, size } from "../common/text.js";
import { call, message } from "../state/session.js";
import { coloured, compact, escapeUnseen, laidOut, lineStart, unseenIn } from "./edittext.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").Detail} Detail */
/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Problem} Problem */

/**
 * What somebody has made of a delivery so far.
 * @typedef {object} Draft
 * @property {string} event      for the header
 * @property {string} text       as the editor has it
 * @property {boolean} tight     is sent without the whitespace, as it came
 * @property {string} original   the exact body
 * @property {string} shown      how the editor began
 * @property {string} type       the event it began with
 */

const longest = 300_000; // characters, and
const mostLines = 10_000; // lines of a text that a browser edits without making anybody wait
const calm = 200; // ms without a key before the text is checked
const patience = 5_000; // ms in which the second press throws away
const lineHeight = 18; // px; edit.css says the same

/** @param {Draft} draft */
const isChanged = (draft) => draft.text !== draft.shown || draft.event !== draft.type;

let guarded = false;

/** guard has the browser ask before what was begun is lost. @param {Model} model */
function guard(model) {
  if (guarded) return;
  guarded = true;
  addEventListener("beforeunload", (e) => {
    if ([...model.drafts.values()].some(isChanged)) e.preventDefault();
  });
}

/**
 * begin is the draft of a delivery that nobody has changed yet.
 * @param {Detail} full
 * @returns {Draft}
 */
function begin(full) {
  const original = full.body ?? "";
  let pretty = /[\r\n]/.test(original) ? null : laidOut(original);
  if (pretty && isLong(pretty)) pretty = null;
  const shown = pretty ?? original.replace(/\r\n?/g, "\n"); // which is what a text area makes of it
  return { event: full.event || full.header.find(([name]) => /^x-pictify-event$/i.test(name))?.[1] || "", type: "", text: shown, shown, original, tight: pretty !== null };
}

/** @param {string} text */
const isLong = (text) => text.length > longest || text.split("\n").length > mostLines;

/** outgoing is the body that is sent. @param {Draft} draft */
function outgoing(draft) {
  if (draft.text === draft.shown) return draft.original;
  return (draft.tight && compact(draft.text)) || draft.text;
}

export default class Edit extends Component {
  constructor() {
    super();
    /** @type {{problems: Problem[] | null, trouble: string, sending: boolean, sure: boolean}} */
    this.state = { problems: null, trouble: "", sending: false, sure: false };
    /** @type {HTMLTextAreaElement | null} */
    this.area = null;
    this.timer = 0;
    this.checked = ""; // what was last checked
    this.fetching = "";
  }

  /** @returns {{model: Model, d: Summary}} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  get draft() {
    return this.own.model.drafts.get(this.own.d.id);
  }

  componentDidMount() {
    guard(this.own.model);
    this.load();
  }

  componentDidUpdate() {
    this.load();
    this.scrolled();
  }

  componentWillUnmount() {
    clearTimeout(this.timer);
    const { draft } = this;
    if (draft && !isChanged(draft)) this.own.model.drafts.delete(this.own.d.id); // nothing was begun
    this.own.model.changed();
  }

  /** load reads the delivery, unless somebody has begun with it before. */
  async load() {
    const { d, model } = this.own;
    const want = d.id + " " + (this.draft ? "" : model.hellos); // what could not be read is read again by the next connection
    if (this.fetching === want || (model.connection !== "live" && !this.draft)) return;
    this.fetching = want;
    if (!this.draft) {
      try {
        /** @type {Detail} */
        const full = await call("GET", "/api/deliveries/" + d.id);
        if (full.body_base64 !== undefined) throw new Error("its body is no text. Replay sends its exact bytes");
        const draft = begin(full);
        if (full.truncated || isLong(draft.text)) throw new Error("with " + size(full.bytes) + " it is too long for this editor. In a terminal: pictap trigger --from " + d.id + " --edit");
        draft.type = draft.event;
        model.drafts.set(d.id, draft);
        this.fetching = d.id + " ";
      } catch (err) {
        return this.setState({ trouble: "It cannot be edited here: " + message(err) + "." });
      }
    }
    this.setState({ trouble: "", problems: null }, () => this.area?.focus({ preventScroll: true }));
    this.check();
  }

  /** change takes what somebody has typed. @param {Partial<Draft>} changes */
  change(changes) {
    const { draft } = this;
    if (!draft) return;
    Object.assign(draft, changes);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.check(), calm);
    this.setState({ sure: false });
  }

  /** check asks what is wrong with the text. Answers that come too late are dropped. */
  async check() {
    const { draft } = this;
    if (!draft) return;
    const { event, text } = draft;
    const id = this.checked = JSON.stringify([event, text]);
    try {
      const { problems } = await call("POST", "/api/validate", { event, body: text });
      if (this.checked === id) this.setState({ problems });
    } catch {
      if (this.checked === id) this.setState({ problems: null }); // pictap is away: nothing is known
    }
  }

  async send() {
    const { model, d } = this.own;
    const { draft } = this;
    if (!draft || this.state.sending) return;
    this.setState({ sending: true });
    try {
      const { id } = await call("POST", "/api/send", { event: draft.event, body: outgoing(draft), of: d.id });
      model.drafts.delete(d.id);
      this.fetching = d.id + " " + model.hellos; // it is left, and not begun anew
      model.say("Sent: it is " + id + ", signed anew with the local secret.", "ok");
      model.go({ view: "", open: id, pane: "", with: "" });
    } catch (err) {
      model.say("Could not send it: " + message(err), "bad");
    } finally {
      this.setState({ sending: false });
    }
  }

  /** reset throws the changes away, at the second press. */
  reset() {
    const { draft } = this;
    if (!draft) return;
    if (!this.state.sure) {
      this.setState({ sure: true });
      setTimeout(() => this.setState({ sure: false }), patience);
      return;
    }
    this.change({ text: draft.shown, event: draft.type });
    this.area?.focus();
  }

  /** back returns to the delivery; what was changed stays. */
  back() {
    const { model, d } = this.own;
    if (this.draft && isChanged(this.draft)) model.say("Your changes of " + d.id + " are kept while this page is open.", "ok");
    model.go({ pane: "", with: "" });
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) this.send();
    else if (e.key === "Escape") this.back();
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  /** goto puts the cursor where a problem is. @param {Problem} p */
  goto(p) {
    const { draft, area } = this;
    if (!draft || !area) return;
    const start = lineStart(draft.text, p.line);
    const at = start + [...draft.text.slice(start).split("\n", 1)[0]].slice(0, p.column - 1).join("").length;
    area.focus();
    area.setSelectionRange(at, at);
    area.scrollTop = Math.max(0, (p.line - 4) * lineHeight);
  }

  /** scrolled takes the layer and the line numbers along. */
  scrolled() {
    const { area } = this;
    if (!area) return;
    for (const beside of /** @type {NodeListOf<HTMLElement>} */ (area.parentElement?.parentElement?.querySelectorAll(".layer, .gutter") ?? [])) {
      beside.scrollTop = area.scrollTop;
      beside.scrollLeft = area.scrollLeft;
    }
  }

  render() {
    const { model, d } = this.own;
    const { draft } = this;
    const known = model.status?.events ?? [];
    return html`
      <article class="detail edit" tabindex="-1" aria-label=${"Edit " + d.id} onKeyDown=${(/** @type {KeyboardEvent} */ e) => this.key(e)}>
        <header>
          <div class="title">
            <h2>Edit ${d.id} and send it as a new delivery</h2>
            <button class="quiet close" aria-label="Back to the delivery" title="Back to the delivery, keeping the changes (esc)" onClick=${() => this.back()}>✕</button>
          </div>
          ${draft && html`<div class="actions row">
            <label>Event <input class="mono" list="event-types" value=${draft.event} size="22" autocomplete="off" spellcheck=${false} maxlength="200"
              onInput=${(/** @type {any} */ e) => this.change({ event: e.target.value.trim() })} /></label>
            <datalist id="event-types">${known.map((e) => html`<option value=${e} />`)}</datalist>
            <button class="primary" disabled=${this.state.sending || model.connection !== "live" || !draft.event} onClick=${() => this.send()}
              title="Sign it with the local secret and send it (Ctrl or ⌘ and Enter)">${this.state.sending ? "Sending…" : "Send"}</button>
            <button disabled=${!isChanged(draft)} class=${this.state.sure ? "sure" : ""} onClick=${() => this.reset()}
              title="Throw the changes away">${this.state.sure ? "Press again to throw the changes away" : "Reset to the original"}</button>
          </div>`}
        </header>
        ${this.state.trouble ? html`<p class="trouble" role="status">${this.state.trouble}</p>` : draft ? this.editor(draft, known) : html`<div class="loading" aria-busy="true" />`}
      </article>`;
  }

  /** @param {Draft} draft @param {string[]} known */
  editor(draft, known) {
    const problems = this.state.problems ?? [];
    const unseen = unseenIn(draft.text);
    const marked = new Map();
    for (const p of problems) if (marked.get(p.line) !== "bad") marked.set(p.line, p.warning ? "warn" : "bad");
    const lines = draft.text.split("\n").length;
    return html`
      ${draft.event && known.length > 0 && !known.includes(draft.event) && html`<p class="note">
        Pictify documents no type “${oneLine(draft.event)}”. It is signed and sent all the same, and handed to your app like any other, as a new type would be.</p>`}
      ${unseen && html`<p class="note">${plural(unseen.count, "character does", "characters do")} not show, the first in line ${unseen.line}: ${unseen.name}.
        <button class="quiet" onClick=${() => this.change({ text: escapeUnseen(draft.text) })}>write as \\u escapes</button></p>`}
      <div class=${"editor" + (unseen ? " plain" : "")}>
        <div class="gutter" aria-hidden="true"><div>${Array.from({ length: lines }, (_, i) => i + 1).join("\n")}
          ${[...marked].map(([line, tone]) => html`<span class=${tone} style=${{ top: (line - 1) * lineHeight + "px" }}>${line}</span>`)}</div></div>
        <div class="sheet">
          ${!unseen && html`<div class="layer" aria-hidden="true">${coloured(draft.text).map(({ kind, text }) => (kind ? html`<span class=${"json-" + kind}>${text}</span>` : text))}${"\n"}</div>`}
          <textarea aria-label="Body" aria-describedby="edit-problems" wrap="off" spellcheck=${false} autocomplete="off" autocapitalize="off" value=${draft.text}
            ref=${(/** @type {HTMLTextAreaElement} */ e) => (this.area = e)} onScroll=${() => this.scrolled()}
            onInput=${(/** @type {any} */ e) => this.change({ text: e.target.value })} />
        </div>
      </div>
      <div class="below">
        <label title="As it came: without line ends and blanks between the values"><input type="checkbox" checked=${draft.tight} onChange=${(/** @type {any} */ e) => this.change({ tight: e.target.checked })} /> send it compact</label>
        <span>${size(new TextEncoder().encode(outgoing(draft)).length)}${draft.text === draft.shown ? ", the exact bytes" : ""}</span>
        <button class="quiet" onClick=${() => this.change({ text: laidOut(draft.text) ?? draft.text })}>lay it out</button>
      </div>
      <div class="problems" id="edit-problems" role="status">
        <p>${this.state.problems === null ? "" : verdict(problems)}</p>
        ${problems.map((p) => html`<button class=${"quiet problem " + (p.warning ? "warn" : "bad")} onClick=${() => this.goto(p)}>
          <span class="mono">${p.line}:${p.column}</span> <span>${p.path && html`<b>${oneLine(p.path)}</b> `}${oneLine(p.text)}</span></button>`)}
      </div>`;
  }
}

/** @param {Problem[]} problems */
function verdict(problems) {
  const bad = problems.filter((p) => !p.warning).length;
  if (problems.length === 0) return "It is as Pictify's documents have it.";
  const what = bad ? plural(bad, "problem", "problems") : "";
  const notes = problems.length - bad ? plural(problems.length - bad, "note", "notes") : "";
  return [what, notes].filter(Boolean).join(", ") + ". It can be sent all the same: broken events are good for tests.";
}
