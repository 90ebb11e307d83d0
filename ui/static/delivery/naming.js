// @ts-check
// The dialog in which a fixture gets a name: the one for which a test will look.

import { Component, html } from "../vendor/htm-preact.js";
import { oneLine } from "../common/text.js";
import { message } from "../state/session.js";

/** @typedef {import("../types.js").Summary} Summary */

export default class Naming extends Component {
  constructor() {
    super();
    this.state = { trouble: "", busy: false };
    /** @type {HTMLDialogElement | null} */
    this.dialog = null;
  }

  /** @returns {{d: Summary, save: (exact: boolean, name: string) => Promise<void>, onClose: () => void}} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  componentDidMount() {
    this.dialog?.showModal();
  }

  /** @param {SubmitEvent} e */
  async save(e) {
    e.preventDefault();
    if (this.state.busy) return;
    const form = new FormData(/** @type {HTMLFormElement} */ (e.target));
    this.setState({ busy: true, trouble: "" });
    try {
      await this.own.save(form.has("exact"), String(form.get("name")).trim());
      this.dialog?.close();
    } catch (err) {
      this.setState({ busy: false, trouble: "Not saved: " + oneLine(message(err)) });
    }
  }

  render() {
    const { d, onClose } = this.own;
    const { trouble, busy } = this.state;
    return html`
      <dialog class="naming" aria-labelledby="naming-title" ref=${(/** @type {HTMLDialogElement} */ e) => (this.dialog = e)} onClose=${onClose}
        onMouseDown=${(/** @type {MouseEvent} */ e) => e.target === this.dialog && this.dialog?.close()}>
        <form onSubmit=${(/** @type {SubmitEvent} */ e) => this.save(e)}>
          <h2 id="naming-title">Save ${d.id} as a fixture</h2>
          <label>Name <input name="name" required maxlength="100" autocomplete="off" spellcheck=${false} placeholder=${oneLine(d.event || "delivery") + "-…"} aria-describedby="naming-trouble" /></label>
          <label><input type="checkbox" name="exact" /> the exact bytes, with what is personal in them</label>
          <p id="naming-trouble" role="alert">${trouble}</p>
          <div class="row"><button class="primary" disabled=${busy}>Save</button><button type="button" onClick=${() => this.dialog?.close()}>Cancel</button></div>
        </form>
      </dialog>`;
  }
}
