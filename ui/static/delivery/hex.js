// @ts-check
// Bytes as hex: offset, bytes, and what is ASCII among them. Only the lines in view are in the document.

import { Component, html } from "../vendor/htm-preact.js";
import { hexLines } from "../common/text.js";

const lineHeight = 18; // px; detail.css says the same
const perLine = 16; // bytes
const narrow = 560; // px below which a line has half as many
const overscan = 20; // lines beyond each edge

export class Hex extends Component {
  constructor() {
    super();
    this.state = { top: 0, height: 400, width: 1000 };
    /** @type {HTMLElement | null} */
    this.element = null;
  }

  componentDidMount() {
    const element = /** @type {HTMLElement} */ (this.element);
    this.observer = new ResizeObserver(() => this.setState({ height: element.clientHeight, width: element.clientWidth }));
    this.observer.observe(element);
  }

  componentWillUnmount() {
    this.observer?.disconnect();
  }

  render() {
    const { bytes, label } = /** @type {{bytes: Uint8Array, label: string}} */ (/** @type {any} */ (this.props));
    const per = this.state.width < narrow ? perLine / 2 : perLine;
    const lines = Math.ceil(bytes.length / per);
    const first = Math.max(0, Math.floor(this.state.top / lineHeight) - overscan);
    const end = Math.min(lines, Math.ceil((this.state.top + this.state.height) / lineHeight) + overscan);
    return html`
      <div class="hex" tabindex="0" role="region" aria-label=${label + " as hex"} ref=${(/** @type {HTMLElement} */ e) => (this.element = e)}
        onScroll=${() => this.setState({ top: this.element?.scrollTop ?? 0 })}>
        <div style=${{ height: lines * lineHeight + "px" }}>
          <pre style=${{ top: first * lineHeight + "px" }}>${hexLines(bytes.subarray(first * per, end * per), first * per, per)}</pre>
        </div>
      </div>`;
  }
}

/** bytesOf undoes base64. @param {string} base64 */
export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}
