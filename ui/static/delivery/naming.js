// @ts-check
// The dialog in which a fixture gets a name: the one for which a test will look.

import { Component, html } from "../vendor/htm-preact.js";
import { oneLine } from "../common/text.js";
import { call, message } from "../state/session.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Saved} Saved */

/**
 * write writes a delivery as a file beside the project's tests, under a name of pictap's when it is "", and says so.
 * @param {Model} model
 * @param {Summary} d
 * @param {boolean} exact
 * @param {string} name
 */
export async function write(model, d, exact, name) {
  /** @type {Saved} */
  const { path } = await call("POST", "/api/deliveries/" + d.id + "/fixture", { name, exact });
  model.say("Saved as " + oneLine(path) + (exact ? ", byte for byte." : ", with fakes for what is personal."), "ok");
}

export class Naming extends Component {
  constructor() {
    super();
    this.state = { trouble: "", busy: false };
    /** @type {HTMLDialogElement | null} */
    this.dialog = null;
  }

  /** @returns {{model: Model, d: Summary, onClose: () => void}} */
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
    const { model, d } = this.own;
    const form = new FormData(/** @type {HTMLFormElement} */ (e.target));
    this.setState({ busy: true, trouble: "" });
    try {
      await write(model, d, form.has("exact"), String(form.get("name")).trim());
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
          <label class="naming-name">Name <input class="mono" name="name" required maxlength="100" autocomplete="off" spellcheck=${false} placeholder=${oneLine(d.event || "delivery") + "-…"} aria-describedby="naming-trouble" /></label>
          <label><input type="checkbox" name="exact" /> the exact bytes, with what is personal in them</label>
          <p id="naming-trouble" class="bad" role="alert">${trouble}</p>
          <div class="row"><button class="primary" disabled=${busy}>Save</button><button type="button" onClick=${() => this.dialog?.close()}>Cancel</button></div>
        </form>
      </dialog>`;
  }
}
