// @ts-check
// A body as people want to read it: as a tree when it is JSON, exactly as it came, or as hex.

import { Component, html } from "../vendor/htm-preact.js";
import { oneLine, size, visible } from "../common/text.js";
import { Hex, bytesOf } from "./hex.js";
import { Tree } from "./tree.js";
import { TreeView } from "./treeview.js";

const rawStep = 200_000; // characters put into the document at once, and more at each asking

/**
 * @typedef {object} BodyProps
 * @property {string} title
 * @property {string=} text       the body when it is text
 * @property {string=} base64     the body when it is not
 * @property {number=} bytes      its size
 * @property {boolean=} truncated what is given is only its beginning
 * @property {((text: string) => void)=} onCopy
 * @property {(() => void)=} onDownload
 * @property {((q: string) => void)=} onSearch
 */

export class Body extends Component {
  constructor() {
    super();
    this.state = { as: "", shown: rawStep }; // as "" is what suits it best
    /** @type {Tree | null} */
    this.tree = null;
    /** @type {{of: string | undefined, bytes: Uint8Array} | null} */
    this.decoded = null;
  }

  /** @returns {BodyProps} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  /** treeOf reads text once for all renderings. @param {string} text */
  treeOf(text) {
    if (this.tree?.source !== text) this.tree = new Tree(text);
    return /** @type {Tree} */ (this.tree);
  }

  /** bytes are those that we have, made once. */
  bytes() {
    const { text, base64 } = this.own;
    const of = base64 ?? text;
    if (!this.decoded || this.decoded.of !== of) this.decoded = { of, bytes: base64 === undefined ? new TextEncoder().encode(text) : bytesOf(base64) };
    return this.decoded.bytes;
  }

  render() {
    const { title, text = "", base64, bytes = 0, truncated, onCopy, onDownload } = this.own;
    const isText = base64 === undefined;
    const tree = isText && text ? this.treeOf(text) : null;
    const isJSON = tree !== null && tree.error === "";
    const ways = [tree && tree.count > 0 && "tree", isText && "raw", "hex"].filter((w) => typeof w === "string");
    const best = isJSON ? "tree" : isText ? "raw" : "hex";
    const as = ways.includes(this.state.as) ? this.state.as : best;
    const note = (truncated ? "the beginning of " + size(bytes) : size(bytes)) + (tree && !isJSON ? (truncated ? ", cut" : ", not JSON: " + oneLine(tree.error)) : "");
    return html`
      <section class="body" aria-label=${title}>
        <h3>${title} <small>${note}</small>
          <span class="actions">
            ${bytes > 0 && html`<span class="ways" role="group" aria-label=${"Show the " + title.toLowerCase() + " as"}>${ways.map((w) => html`
              <button class="quiet" key=${w} aria-pressed=${w === as} onClick=${() => this.setState({ as: w })}>${w}</button>`)}</span>`}
            ${onCopy && isText && !truncated && bytes > 0 && html`<button class="quiet" onClick=${() => onCopy(text)}>copy</button>`}
            ${onDownload && html`<button class="quiet" onClick=${onDownload}>download</button>`}
          </span>
        </h3>
        ${bytes === 0 ? html`<p class="empty-body">The body is empty.</p>`
        : as === "tree" ? html`<${TreeView} tree=${tree} label=${title} onCopy=${onCopy} onSearch=${this.own.onSearch} />`
        : as === "hex" ? html`<${Hex} bytes=${this.bytes()} label=${title} />`
        : this.raw(text)}
        ${truncated && bytes > 0 && html`<p class="cut-note">This is its beginning.${onDownload ? " All of it can be downloaded." : " No more of it was kept."}</p>`}
      </section>`;
  }

  /** raw is the text as it came, up to what a browser takes at once. @param {string} text */
  raw(text) {
    const { shown } = this.state;
    return html`
      <pre class="raw" tabindex="0" aria-label=${this.own.title + " as it came"}>${visible(text.slice(0, shown))}</pre>
      ${text.length > shown && html`<button class="quiet" onClick=${() => this.setState({ shown: shown + rawStep })}>show more: ${size(shown)} of ${size(text.length)}</button>`}`;
  }
}
