// @ts-check
// A body as people want to read it: JSON laid out and coloured, or exactly as it came, or as hex when it is not text.

import { Component, html } from "./vendor/htm-preact.js";
import { layout, stringText } from "./json.js";
import { hexLines, oneLine, size, visible, webLink } from "./text.js";

const rawLimit = 400_000; // characters put into the document at once

/**
 * @typedef {object} BodyProps
 * @property {string} title
 * @property {string=} text       the body when it is text
 * @property {string=} base64     the body when it is not
 * @property {number=} bytes      its size
 * @property {boolean=} truncated what is given is only its beginning
 * @property {((text: string) => void)=} onCopy
 * @property {(() => void)=} onDownload
 */

export class Body extends Component {
  constructor() {
    super();
    this.state = { raw: false };
    this.laidOut = { text: "", layout: layout("") };
  }

  /** layoutOf lays text out once for all renderings. @param {string} text */
  layoutOf(text) {
    if (this.laidOut.text !== text) this.laidOut = { text, layout: layout(text) };
    return this.laidOut.layout;
  }

  render() {
    const { title, text, base64, bytes = 0, truncated, onCopy, onDownload } = /** @type {BodyProps} */ (this.props);
    const isText = base64 === undefined;
    const pretty = isText && !truncated && text ? this.layoutOf(text) : null;
    const asJSON = pretty && pretty.error === "";
    const note = truncated ? "the beginning of " + size(bytes) : size(bytes);
    return html`
      <section class="body" aria-label=${title}>
        <h3>${title} <small>${note}${text && !asJSON ? ", not JSON: " + (pretty ? oneLine(pretty.error) : "it is cut") : ""}</small>
          <span class="actions">
            ${asJSON && html`<button class="quiet" aria-pressed=${this.state.raw} onClick=${() => this.setState({ raw: !this.state.raw })}>raw</button>`}
            ${onCopy && isText && !truncated && html`<button class="quiet" onClick=${() => onCopy(text ?? "")}>copy</button>`}
            ${onDownload && html`<button class="quiet" onClick=${onDownload}>download</button>`}
          </span>
        </h3>
        ${bytes === 0 ? html`<p class="empty-body">The body is empty.</p>`
        : !isText ? html`<pre tabindex="0">${hexLines(bytesOf(base64))}</pre>`
        : asJSON && !this.state.raw ? html`<${Pretty} layout=${pretty} />`
        : html`<${Raw} text=${text ?? ""} />`}
      </section>`;
  }
}

/** @param {{layout: import("./json.js").Layout}} props */
function Pretty({ layout }) {
  return html`<pre tabindex="0">${layout.spans.map(({ kind, text }) => {
    if (kind === "") return text;
    const link = kind === "string" ? webLink(stringText(text) ?? "") : "";
    return link
      ? html`<span class="json-string">"<a href=${link} target="_blank" rel="noopener noreferrer">${text.slice(1, -1)}</a>"</span>`
      : html`<span class=${"json-" + kind}>${visible(text)}</span>`;
  })}${layout.cut && html`<span class="cut">\n… there is more: see raw, or download it.</span>`}</pre>`;
}

/** @param {{text: string}} props */
function Raw({ text }) {
  return html`<pre tabindex="0">${visible(text.slice(0, rawLimit))}${text.length > rawLimit && html`<span class="cut">\n… there is more: download it.</span>`}</pre>`;
}

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}
