// @ts-check
// The help: what the keys do, made from their own table, and what a search can say.

import { Component, html } from "../vendor/htm-preact.js";
import { does, keys, label } from "../common/keys.js";
import { call } from "../state/session.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").SearchWord} SearchWord */

export default class Help extends Component {
  constructor() {
    super();
    /** @type {{words: SearchWord[]}} */
    this.state = { words: [] };
    /** @type {HTMLDialogElement | null} */
    this.dialog = null;
  }

  async componentDidMount() {
    this.dialog?.showModal();
    try {
      this.setState(await call("GET", "/api/search/words"));
    } catch {
      // the keys are told nevertheless
    }
  }

  render() {
    const { model, onClose } = /** @type {{model: Model, onClose: () => void}} */ (/** @type {any} */ (this.props));
    const shown = keys.filter((k) => k.words && does(k, model));
    const groups = [...new Set(shown.map((k) => k.group))];
    return html`
      <dialog class="help" aria-labelledby="help-title" ref=${(/** @type {HTMLDialogElement} */ e) => (this.dialog = e)} onClose=${onClose}
        onClick=${(/** @type {MouseEvent} */ e) => e.target === this.dialog && this.dialog?.close()}>
        <header><h2 id="help-title">Keys and search</h2><button class="quiet" aria-label="Close the help" onClick=${() => this.dialog?.close()}>✕</button></header>
        <div class="help-columns">
          <div>${groups.map((group) => html`
            <section><h3>${group}</h3><dl>${shown.filter((k) => k.group === group).map((k) => html`
              <dt>${k.keys.map((key, i) => html`${i > 0 && " "}<span class="chord">${key === " " ? html`<kbd>${label(key)}</kbd>` : key.split(" ").map((one) => html`<kbd>${label(one)}</kbd>`)}</span>`)}</dt><dd>${k.words}</dd>`)}</dl></section>`)}</div>
          <section>
            <h3>Search</h3>
            <p>Words that must all hold; <code>!</code> in front of one turns it round, a comma means either, <code>*</code> stands for anything, and quotes keep blanks together.</p>
            <dl>${this.state.words.map((w) => html`<dt><code>${w.key}</code></dt><dd>${w.meaning}</dd>`)}
              <dt><code>hello</code></dt><dd>that text anywhere in body, event or ids</dd></dl>
          </section>
        </div>
      </dialog>`;
  }
}
