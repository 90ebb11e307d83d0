// @ts-check
// A button with a menu: arrows, Home, End and letters go through it, Escape and a press elsewhere close it, and the
// focus returns to the button.

import { Component, html } from "../vendor/htm-preact.js";

/**
 * @typedef {object} Item
 * @property {string} title
 * @property {string=} hint
 * @property {string=} key      that does the same
 * @property {string=} tone     "bad" for what cannot be undone
 * @property {boolean=} stays   the menu stays open
 * @property {() => void} run
 */

/**
 * @typedef {object} MenuProps
 * @property {string} label
 * @property {string=} title
 * @property {Item[]} items
 * @property {boolean=} disabled
 * @property {boolean} open
 * @property {(open: boolean) => void} onToggle
 */

let last = 0; // number of the newest menu, for its id

export class Menu extends Component {
  constructor() {
    super();
    this.id = "menu" + ++last;
    /** @type {HTMLElement | null} */
    this.element = null;
    /** @param {Event} e */
    this.elsewhere = (e) => {
      if (!this.element?.contains(/** @type {Node} */ (e.target))) this.own.onToggle(false);
    };
    this.wasOpen = false;
  }

  /** @returns {MenuProps} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  componentDidMount() {
    this.follow();
  }

  componentDidUpdate() {
    this.follow();
  }

  componentWillUnmount() {
    removeEventListener("pointerdown", this.elsewhere, true);
  }

  /** follow does what opening and closing bring along. */
  follow() {
    const { open } = this.own;
    if (open === this.wasOpen) return;
    this.wasOpen = open;
    if (!open) return removeEventListener("pointerdown", this.elsewhere, true);
    addEventListener("pointerdown", this.elsewhere, true);
    this.items()[0]?.focus();
  }

  /** @returns {HTMLElement[]} */
  items() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.element?.querySelectorAll("[role=menuitem]") ?? [])];
  }

  close() {
    this.own.onToggle(false);
    this.element?.querySelector("button")?.focus();
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    if (!this.own.open) {
      if (e.key !== "ArrowDown") return;
      e.preventDefault();
      return this.own.onToggle(true);
    }
    if (e.key === "Tab") return this.own.onToggle(false);
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const items = this.items();
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: (at + 1) % items.length, ArrowUp: (at + items.length - 1) % items.length, Home: 0, End: items.length - 1 }[e.key];
    if (to !== undefined) items[to]?.focus();
    else if (e.key === "Escape") this.close();
    else if (/^[a-z]$/i.test(e.key)) {
      const later = [...items.slice(at + 1), ...items.slice(0, at + 1)];
      later.find((i) => i.textContent?.trim().toLowerCase().startsWith(e.key.toLowerCase()))?.focus();
    } else return; // Enter and blank press the item
    e.preventDefault();
    e.stopPropagation(); // the page's own keys are not meant
  }

  /** @param {Item} item */
  choose(item) {
    item.run();
    if (!item.stays) this.close();
  }

  render() {
    const { label, title, items, disabled, open, onToggle } = this.own;
    return html`
      <div class="menu" ref=${(/** @type {HTMLElement} */ e) => (this.element = e)} onKeyDown=${(/** @type {KeyboardEvent} */ e) => this.key(e)}>
        <button aria-haspopup="menu" aria-expanded=${open} aria-controls=${open ? this.id : undefined} disabled=${disabled} title=${title}
          onClick=${() => onToggle(!open)}>${label} <span aria-hidden="true">▾</span></button>
        ${open && html`<div class="menu-items" role="menu" id=${this.id} aria-label=${label}>
          ${items.map((item) => html`<button role="menuitem" tabindex="-1" class=${item.tone ?? ""} onClick=${() => this.choose(item)}>
            <span>${item.title}</span>${item.hint && html`<small>${item.hint}</small>`}${item.key && html`<kbd aria-hidden="true">${item.key}</kbd>`}</button>`)}
        </div>`}
      </div>`;
  }
}
