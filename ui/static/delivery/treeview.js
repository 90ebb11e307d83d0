// @ts-check
// A JSON body as people look through it: folded and unfolded, searched, its paths and values taken along.
//
// The tree is one stop of the tab key; inside of it the arrow keys move, as everywhere where there are trees. What can
// be done with a line stands below the tree, for the line that the keyboard or a click is on.

import { Component, html } from "../vendor/htm-preact.js";
import { stringText } from "../common/json.js";
import { oneLine, plural, visible, webLink } from "../common/text.js";
import { chunk, lineLimit, object, string } from "./tree.js";
import { press } from "./treekeys.js";
import { pathText, searchFor } from "./treepath.js";

/** @typedef {import("./tree.js").Tree} Tree */
/** @typedef {import("./tree.js").Row} Row */
/** @typedef {import("./tree.js").Match} Match */

const tokenLimit = 400; // characters of a key or value that are shown at once
const wholeLimit = 100_000; // and when all of it was asked for
const previewLimit = 40; // characters of what is folded
const findFrom = 12; // nodes from which on there is a box to search them
const longestPath = 400; // characters of a path that is shown
const mostLines = 16_000; // lines that a search may bring into the document
const step = 14; // px that a level is moved to the right
const deepest = 40; // levels that are moved

/**
 * @typedef {object} TreeProps
 * @property {Tree} tree
 * @property {string} label
 * @property {((text: string) => void)=} onCopy
 * @property {((q: string) => void)=} onSearch    a search for other deliveries
 */

let trees = 0; // so that lines have names of their own

export class TreeView extends Component {
  /** @param {TreeProps} props */
  constructor(props) {
    super(props);
    this.state = { active: -1, query: "", match: -1 };
    this.id = "tree" + ++trees;
    /** @type {HTMLElement | null} */
    this.element = null;
    this.tree = props.tree;
    this.open = props.tree.firstLook(); // what is unfolded
    /** How many members of a node are shown, when it is not a chunk. @type {Map<number, number>} */
    this.shown = new Map();
    this.limit = lineLimit; // lines in the document
    /** Long values that are shown in full. @type {Set<number>} */
    this.whole = new Set();
    /** Members whose name stood there before, by the object that they are in. @type {Map<number, Set<number>>} */
    this.repeats = new Map();
    /** @type {Match[]} */
    this.matches = [];
    this.reveal = false; // bring the active line into view
  }

  /** @returns {TreeProps} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  /** begin takes a tree that was not there before. @param {Tree} tree */
  begin(tree) {
    this.tree = tree;
    this.open = tree.firstLook();
    this.shown.clear();
    this.limit = lineLimit;
    this.whole.clear();
    this.repeats.clear();
    this.matches = [];
  }

  /** @param {TreeProps} next */
  componentWillReceiveProps(next) {
    if (next.tree === this.tree) return;
    this.begin(next.tree);
    this.setState({ active: -1, query: "", match: -1 });
  }

  componentDidUpdate() {
    if (!this.reveal) return;
    this.reveal = false;
    document.getElementById(this.id + "-" + this.state.active)?.scrollIntoView({ block: "nearest" });
  }

  rows() {
    return this.tree.rows(this.open, this.shown, this.limit);
  }

  /** go moves to a node. @param {number} n */
  go(n) {
    this.reveal = true;
    this.setState({ active: n });
  }

  /** fold unfolds a node, or folds it. @param {number} n */
  fold(n, open = !this.open.has(n)) {
    if (open) this.open.add(n);
    else this.open.delete(n);
    this.go(n);
  }

  /** foldAll folds everything but the root, or unfolds what fits into the lines there may be. @param {boolean} open */
  foldAll(open) {
    this.open = open ? this.tree.firstLook(lineLimit) : new Set([0]);
    this.shown.clear();
    this.limit = lineLimit;
    this.setState({ active: -1 });
  }

  /** more shows more members of a node; of the one that does not exist, more lines. @param {number} n */
  more(n) {
    const shown = this.shown.get(n) ?? chunk;
    this.shown.set(n, shown + Math.max(chunk, shown)); // a long list is not gone through in hundreds
    this.limit += lineLimit;
    this.setState({});
  }

  /** nameOf tells lines apart, by a number: that of the node, below 0 what stands for several. @param {Row} row */
  nameOf(row) {
    return row.type === "item" ? row.node : -2 - (row.type === "cut" ? this.tree.count : row.node);
  }

  /** search looks for a text and goes to the first place that has it. @param {string} query */
  search(query) {
    this.matches = this.tree.find(query);
    this.setState({ query, match: -1 });
    if (this.matches.length > 0) this.toMatch(0);
  }

  /** @param {number} i */
  toMatch(i) {
    const n = this.matches.length;
    if (n === 0) return;
    const match = (i + n) % n;
    const { node } = this.matches[match];
    this.tree.reveal(node, this.open, this.shown);
    while (this.limit < mostLines && !this.rows().some((r) => r.type === "item" && r.node === node)) this.limit *= 2;
    this.setState({ match });
    this.go(node);
  }

  /** widen shows all of a long value, or no longer. @param {number} n */
  widen(n) {
    if (n < 0) return;
    if (!this.whole.delete(n)) this.whole.add(n);
    this.setState({});
  }

  render() {
    const { tree, id } = this;
    const { active, query, match } = this.state;
    const rows = this.rows();
    const here = this.matches[match];
    return html`
      <div class="tree-frame">
        ${tree.count >= findFrom && html`
          <div class="tree-tools">
            <input type="search" class="find" aria-label=${"Find in the " + this.own.label.toLowerCase()} placeholder="Find in it" value=${query} spellcheck=${false} autocomplete="off"
              onInput=${(/** @type {any} */ e) => this.search(e.target.value)} onKeyDown=${(/** @type {KeyboardEvent} */ e) => this.finding(e)} />
            <span class="found" role="status">${query && (this.matches.length > 0 ? (match + 1).toLocaleString() + " of " + this.matches.length.toLocaleString() : "not there")}</span>
            ${query && html`
              <button class="quiet" aria-label="The match before" title="The match before (shift enter)" disabled=${this.matches.length === 0} onClick=${() => this.toMatch(match - 1)}>↑</button>
              <button class="quiet" aria-label="The next match" title="The next match (enter)" disabled=${this.matches.length === 0} onClick=${() => this.toMatch(match + 1)}>↓</button>`}
            <span class="folding"><button class="quiet" onClick=${() => this.foldAll(false)}>fold all</button><button class="quiet" onClick=${() => this.foldAll(true)}>unfold all</button></span>
          </div>`}
        <div class="tree" role="tree" tabindex="0" aria-label=${this.own.label} ref=${(/** @type {HTMLElement} */ e) => (this.element = e)}
          aria-activedescendant=${active === -1 ? undefined : id + "-" + active} onKeyDown=${(/** @type {KeyboardEvent} */ e) => press(this, e)}>
          ${rows.map((row) => this.row(row, here))}
        </div>
        ${tree.error && html`<p class="trouble">Here it stops being JSON: ${oneLine(tree.error)}.</p>`}
        ${this.tools()}
      </div>`;
  }

  /** finding is what the keys of the search box do. @param {KeyboardEvent} e */
  finding(e) {
    if (e.key === "Enter") this.toMatch(this.state.match + (e.shiftKey ? -1 : 1));
    else if (e.key === "ArrowDown") this.element?.focus();
    else if (e.key === "Escape" && this.state.query) this.search("");
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  /** @param {Row} row @param {Match | undefined} here */
  row(row, here) {
    const { tree, id } = this;
    const { node } = row;
    const indent = { paddingLeft: 20 + Math.min(row.depth, deepest) * step + "px" };
    const closing = tree.kind[node] === object ? "}" : "]";
    switch (row.type) {
      case "close":
        return html`<div class="row" role="presentation" key=${"c" + node} style=${indent}>${closing}${row.last ? "" : ","}</div>`;
      case "more":
      case "cut": {
        const left = row.type === "more" ? tree.size[node] - (this.shown.get(node) ?? chunk) : 0;
        const name = this.nameOf(row);
        return html`<div class=${"row more" + (this.state.active === name ? " active" : "")} role="treeitem" key=${name} id=${id + "-" + name} aria-level=${row.depth + 1}
          aria-selected=${this.state.active === name} style=${indent} onClick=${() => this.more(-2 - name)}><span class="link">show more</span>${left > 0 && " of " + left.toLocaleString() + " that follow"}</div>`;
      }
    }
    const folds = tree.folds(node);
    const open = folds && this.open.has(node);
    const parent = tree.parent[node];
    const active = this.state.active === node;
    const key = tree.key(node);
    return html`
      <div class=${"row" + (active ? " active" : "")} role="treeitem" key=${node} id=${id + "-" + node} style=${indent} aria-level=${row.depth + 1} aria-selected=${active}
        aria-expanded=${folds ? open : undefined} aria-posinset=${tree.ordinal[node] + 1} aria-setsize=${parent < 0 ? 1 : tree.size[parent]}
        onClick=${() => this.setState({ active: node })} onDblClick=${() => folds && this.fold(node)}>
        ${folds && html`<span class=${"twist" + (open ? " open" : "")} style=${{ left: 4 + Math.min(row.depth, deepest) * step + "px" }} aria-hidden="true"
          onClick=${(/** @type {Event} */ e) => { e.stopPropagation(); this.fold(node); }}>▸</span>`}
        ${key && html`<span class="json-key">${this.token(key, node, here?.node === node && here.inKey ? here : undefined)}</span>: `}${this.value(node, open, here?.node === node && !here.inKey ? here : undefined)}${open || row.last ? "" : ","}
        ${this.isRepeated(node) && html`<em class="tag" title="This name stood there before. Most readers take the last one.">repeated</em>`}
      </div>`;
  }

  /** value is what stands behind the key. @param {number} n @param {boolean} open @param {Match | undefined} here */
  value(n, open, here) {
    const { tree } = this;
    const kind = tree.kind[n];
    if (kind <= 1) {
      const [left, right] = kind === object ? ["{", "}"] : ["[", "]"];
      if (!tree.folds(n)) return left + (tree.end[n] < 0 ? "" : right);
      if (open) return left;
      const members = kind === object ? plural(tree.size[n], "member", "members") : plural(tree.size[n], "element", "elements");
      return html`<span class="folded" onClick=${(/** @type {Event} */ e) => { e.stopPropagation(); this.fold(n, true); }}>${left}<span class="preview">${this.preview(n)}</span>${right} <small>${members}</small></span>`;
    }
    const token = tree.source.slice(tree.start[n], Math.min(tree.end[n], tree.start[n] + 2100));
    const link = kind === string ? webLink(stringText(token) ?? "") : "";
    if (link && !here) return html`<span class="json-string">"<a href=${link} target="_blank" rel="noopener noreferrer" tabindex="-1">${visible(token.slice(1, -1))}</a>"</span>`;
    return html`<span class=${["", "", "json-string", "json-number", "json-word"][kind]}>${this.token(tree.text(n), n, here)}</span>`;
  }

  /** preview is the beginning of what is folded, on one line. @param {number} n */
  preview(n) {
    const { tree } = this;
    const text = tree.source.slice(tree.start[n] + 1, tree.start[n] + 1 + 4 * previewLimit).replace(/\s+/g, " ").trim();
    const inside = text.slice(0, Math.min(previewLimit, Math.max(0, tree.end[n] < 0 ? previewLimit : tree.end[n] - tree.start[n] - 2)));
    return oneLine(inside) + "…";
  }

  /**
   * token is a key or value as text, with what was searched for marked in it.
   * @param {string} text
   * @param {number} n
   * @param {Match | undefined} here
   */
  token(text, n, here) {
    const most = this.whole.has(n) ? wholeLimit : here ? Math.max(tokenLimit, Math.min(wholeLimit, here.at + here.length + 40)) : tokenLimit;
    const cut = text.length > most;
    const part = cut ? text.slice(0, most) : text;
    const shown = here && here.at < most
      ? html`${visible(part.slice(0, here.at))}<mark>${visible(part.slice(here.at, here.at + here.length))}</mark>${visible(part.slice(here.at + here.length))}`
      : visible(part);
    if (!cut) return shown;
    return html`${shown}… <span class="link" onClick=${() => this.widen(n)}>${this.whole.has(n) ? "all of it is in raw" : text.length.toLocaleString() + " characters"}</span>`;
  }

  /** @param {number} n */
  isRepeated(n) {
    const parent = this.tree.parent[n];
    if (parent < 0 || this.tree.kind[parent] !== object) return false;
    let repeats = this.repeats.get(parent);
    if (!repeats) this.repeats.set(parent, (repeats = this.tree.repeats(parent)));
    return repeats.has(n);
  }

  /** tools are what can be done with the active line. */
  tools() {
    const { tree } = this;
    const n = this.state.active;
    const { onCopy, onSearch } = this.own;
    if (n < 0 || n >= tree.count) return tree.count >= findFrom && html`<p class="tree-path idle">Click a line, or move with the arrow keys: its path and value can be copied here.</p>`;
    const path = tree.level(n) > longestPath ? "" : pathText(tree.steps(n));
    const q = onSearch ? searchFor(tree, n) : "";
    const value = tree.kind[n] === string ? stringText(tree.text(n)) ?? tree.text(n) : tree.text(n);
    const link = tree.kind[n] === string ? webLink(value.slice(0, 2100)) : "";
    return html`
      <p class="tree-path">
        <span class="mono path" title=${oneLine(path.slice(0, longestPath))}>${oneLine(path.slice(0, longestPath)) || "the whole body"}</span>
        <span class="actions">
          ${onCopy && path && html`<button class="quiet" onClick=${() => onCopy(path)}>copy path</button>`}
          ${onCopy && html`<button class="quiet" onClick=${() => onCopy(value)}>copy value</button>`}
          ${q && html`<button class="quiet" title=${"Deliveries with " + oneLine(q.slice(0, 200))} onClick=${() => onSearch?.(q)}>search for this</button>`}
          ${link && html`<a href=${link} target="_blank" rel="noopener noreferrer">open link</a>`}
        </span>
      </p>`;
  }
}
