// @ts-check
// Parts of the page that are loaded when somebody first goes there.

import { Component, html } from "../vendor/htm-preact.js";
import { message } from "../state/session.js";

/** @typedef {import("../state/model.js").Model} Model */

/**
 * A part is a module whose default export is a component that takes the model, and the stylesheet it needs.
 * @typedef {object} Part
 * @property {() => Promise<{default: any}>} load
 * @property {string=} style     a file beside this one, loaded once
 */

/** @type {Map<Part, any>} */
const loaded = new Map();

/** ahead loads a part before somebody goes there. Where that fails, it is tried again then. @param {Part} part */
export function ahead(part) {
  fetchPart(part).catch(() => {});
}

/** @param {Part} part */
async function fetchPart(part) {
  const [module] = await Promise.all([part.load(), part.style && stylesheet(part.style)]);
  loaded.set(part, module.default);
}

export class Lazy extends Component {
  constructor() {
    super();
    this.state = { trouble: "" };
    /** What could not be loaded, and by which connection. @type {{part: Part, hellos: number} | null} */
    this.failed = null;
    /** What is being loaded. @type {Part | null} */
    this.loading = null;
  }

  /** @returns {{part: Part, model: Model}} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  componentDidMount() {
    this.load();
  }

  componentDidUpdate() {
    const { part, model } = this.own;
    if (this.failed?.part !== part || this.failed.hellos !== model.hellos) this.load();
  }

  async load() {
    const { part } = this.own;
    if (loaded.has(part) || this.loading === part) return;
    this.loading = part;
    try {
      await fetchPart(part);
      this.setState({ trouble: "" });
    } catch (err) {
      // pictap is away, or is another version: a new attempt with the next connection, or when somebody comes here again.
      this.failed = { part, hellos: this.own.model.hellos };
      this.setState({ trouble: "This part of the page could not be loaded: " + message(err) });
    } finally {
      this.loading = null;
    }
  }

  render() {
    const { part, ...props } = this.own;
    const shown = loaded.get(part);
    if (shown) return html`<${shown} ...${props} />`;
    return this.state.trouble
      ? html`<p class="trouble" role="alert">${this.state.trouble} <button onClick=${() => this.load()}>Try again</button></p>`
      : html`<div class="loading" aria-busy="true" />`;
  }
}

/**
 * stylesheet adds one of our style sheets to the document and waits for it.
 * @param {string} file
 */
function stylesheet(file) {
  return new Promise((resolve, reject) => {
    if (document.querySelector(`link[href="${file}"]`)) return resolve(undefined);
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = file;
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error("no " + file));
    };
    document.head.append(link);
  });
}
