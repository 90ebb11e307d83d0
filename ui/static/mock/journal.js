// @ts-check
// The mock's journal: requests to it and what it answered, and its attempts to deliver. It is read every second while it
// is looked at, from where it was left.

import { Component, html } from "../vendor/htm-preact.js";
import { answer, answerTone, clock, duration, exact, oneLine, size } from "../common/text.js";
import { Body } from "../delivery/body.js";
import { Fields } from "../delivery/fields.js";
import { call, message } from "../state/session.js";
import { follows, joined } from "./mocking.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").MockEntry} MockEntry */

const pause = 1_000; // ms between two looks
const kinds = [{ name: "", words: "all" }, { name: "request", words: "requests" }, { name: "delivery", words: "deliveries" }];

export class Journal extends Component {
  constructor() {
    super();
    /** @type {{entries: MockEntry[], open: number, kind: string, trouble: string, read: boolean}} */
    this.state = { entries: [], open: 0, kind: "", trouble: "", read: false };
    this.hellos = 0; // of the connection that entries are from
    this.timer = 0;
    this.gone = false;
  }

  /** @returns {{model: Model}} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  componentDidMount() {
    this.look();
  }

  componentWillUnmount() {
    this.gone = true;
    clearTimeout(this.timer);
  }

  async look() {
    const { model } = this.own;
    try {
      if (model.connection === "live" && document.visibilityState === "visible") await this.read(model);
    } catch (err) {
      if (!this.gone) this.setState({ trouble: message(err) });
    }
    if (!this.gone) this.timer = window.setTimeout(() => this.look(), pause);
  }

  /** @param {Model} model */
  async read(model) {
    const { hellos } = model;
    const old = hellos === this.hellos ? this.state.entries : []; // another mock may run by now
    const { entries } = await call("GET", "/api/mock/journal?after=" + (old.at(-1)?.seq ?? 0));
    if (this.gone) return;
    this.hellos = hellos;
    const now = joined(old, entries);
    if (now !== this.state.entries || this.state.trouble || !this.state.read) this.setState({ entries: now, trouble: "", read: true });
  }

  render() {
    const { entries, open, kind, trouble, read } = this.state;
    const shown = entries.filter((e) => !kind || e.kind === kind);
    return html`
      <section aria-label="Journal">
        <header>
          <h2>Journal</h2>
          <div class="choices" role="group" aria-label="What is shown">
            ${kinds.map((k) => html`<button aria-pressed=${k.name === kind} onClick=${() => this.setState({ kind: k.name })}>${k.words}</button>`)}
          </div>
        </header>
        ${trouble && html`<p class="trouble" role="status">It could not be read: ${trouble}</p>`}
        ${read && shown.length === 0 && html`<p class="hint">${entries.length === 0 ? "Nothing has been asked of the mock yet." : "Nothing of that kind yet."}</p>`}
        <ol class="journal">
          ${shown.toReversed().map((e) => html`<${Entry} key=${e.seq} e=${e} open=${open === e.seq} onToggle=${() => this.setState({ open: open === e.seq ? 0 : e.seq })} />`)}
        </ol>
      </section>`;
  }
}

class Entry extends Component {
  /** @param {any} next */
  shouldComponentUpdate(next) {
    const p = /** @type {any} */ (this.props);
    return next.e !== p.e || next.open !== p.open;
  }

  render() {
    /** @type {{e: MockEntry, open: boolean, onToggle: () => void}} */
    const { e, open, onToggle } = /** @type {any} */ (this.props);
    const a = /** @type {any} */ (e);
    const out = e.kind === "delivery";
    return html`
      <li class="entry">
        <button class="entry-line" aria-expanded=${open} onClick=${onToggle}>
          <time datetime=${e.time} title=${exact(new Date(e.time))}>${clock(new Date(e.time))}</time>
          <span class="way" title=${out ? "from the mock" : "to the mock"}>${out ? "→" : "←"}<span class="unseen-text">${out ? "delivery" : "request"}</span></span>
          <span class="what">${out ? html`${oneLine(e.event)} <span class="muted">${e.attempt ? "attempt " + e.attempt : "test"}</span>` : html`<b>${oneLine(e.method)}</b> ${oneLine(e.path)}`}</span>
          <b class=${"answer " + answerTone(a)}>${answer(a)}</b>
          <span class="took">${duration(e.duration_ms)}</span>
          <span class="note">${e.fault ? "fault: " + oneLine(e.fault) : follows(e)}</span>
        </button>
        ${open && html`<div class="entry-more">
          <p class="mono request-line">${oneLine(e.method)} ${oneLine(e.path)}</p>
          ${e.delivery && html`<p class="hint"><span class="mono">${oneLine(e.delivery)}</span>${e.subscription && html` to <span class="mono">${oneLine(e.subscription)}</span>`}${follows(e) && ", " + follows(e)}</p>`}
          ${e.error && html`<p class="trouble">${oneLine(e.error)}</p>`}
          ${!out && html`<${Header} title="Headers of the request" list=${e.request_header} /><${Part} title="Request" text=${e.request} whole=${e.request_bytes} />`}
          <${Header} title="Headers of the answer" list=${e.answer_header} />
          ${(!out || e.answer) && html`<${Part} title="Answer" text=${e.answer} whole=${e.answer_bytes} />`}
        </div>`}
      </li>`;
  }
}

/** Header is a list of fields under its title. @param {{title: string, list?: [string, string][]}} props */
function Header({ title, list }) {
  return list?.length ? html`<h3>${title}</h3><${Fields} list=${list} label=${title} />` : null;
}

const excerpt = 2_048; // bytes of a body that the journal keeps

/** Part is a body as far as the journal has it: its beginning if it is text, without secrets. @param {{title: string, text: string, whole: number}} props */
function Part({ title, text, whole }) {
  if (!text && whole > 0) return html`<p class="hint">${title}: ${size(whole)} that are not text.</p>`;
  return html`<${Body} title=${title} text=${text} bytes=${whole || new TextEncoder().encode(text).length} truncated=${whole > excerpt} />`;
}
