// @ts-check
// The page: strip, list and detail, the keyboard, and the calls that people make.

import { Component, html, render } from "./vendor/htm-preact.js";
import { ListActions, run } from "./actions.js";
import { Detail } from "./detail.js";
import { Empty, Locked } from "./empty.js";
import { Lazy } from "./lazy.js";
import { List } from "./list.js";
import { follow } from "./live.js";
import { Model, pageSize } from "./model.js";
import { Refused, call, message, take, welcome } from "./session.js";
import { Strip } from "./strip.js";
import { Trigger } from "./trigger.js";

/** @typedef {import("./lazy.js").Part} Part */
/** @typedef {import("./model.js").Model} ModelOf */

/**
 * The views, in the order of their tabs. The first is the deliveries; the others come when somebody goes there.
 * @typedef {object} View
 * @property {string} name                     as the place has it
 * @property {string} title
 * @property {Part=} part
 * @property {((model: ModelOf) => boolean)=} exists   whether there is such a view now
 */

/** @type {View[]} */
const views = [{ name: "", title: "Deliveries" }];

/** What is shown of an open delivery beside its detail, by the name of the place's pane. @type {Record<string, Part>} */
const panes = {
  edit: { load: () => import("./edit.js"), style: "edit.css" },
  compare: { load: () => import("./compare.js"), style: "compare.css" },
};

class App extends Component {
  constructor() {
    super();
    this.state = { triggering: false };
    this.model = new Model();
    this.reading = false; // a page of older deliveries is on its way
  }

  componentDidMount() {
    const { model } = this;
    model.watch(() => this.setState({}));
    document.addEventListener("keydown", (e) => this.key(e));
    addEventListener("hashchange", () => {
      if (model.connection !== "locked") take().catch(() => false); // then follow does
    });
    addEventListener("popstate", () => model.arrive());
    welcome();
    take()
      .catch(() => false) // follow tries again what there is
      .then(() => model.arrive())
      .then(() => follow({
        connection: (c) => model.connect(c),
        status: (status) => model.receive({ type: "status", status }),
        since: () => model.rev,
        epoch: () => model.epoch,
        frame: (f) => {
          if (model.receive(f)) this.read();
        },
      }));
  }

  componentDidUpdate() {
    const held = this.model.status?.held ?? 0;
    document.title = "pictap" + (held > 0 ? " · " + held.toLocaleString() + " waiting" : "");
  }

  /** read fetches the newest deliveries, or those older than what is here. */
  async read() {
    if (this.reading) return;
    this.reading = true;
    const { model } = this;
    try {
      for (let done = false; !done; ) {
        const { generation } = model;
        const oldest = model.loaded ? model.rows[0]?.seq ?? 0 : 0;
        const page = await call("GET", "/api/deliveries?limit=" + pageSize + (oldest ? "&before=" + oldest : ""));
        done = model.generation === generation; // else it was asked for a list that has been thrown away
        if (done) model.older(page);
      }
    } catch (err) {
      // When the server is away, the socket ends too, and the next hello reads what is missing.
      if (!(err instanceof Refused)) return;
      model.say("The list could not be read: " + message(err), "bad");
      setTimeout(() => this.read(), 2_000);
    } finally {
      this.reading = false;
    }
  }

  close() {
    if (this.state.triggering) this.setState({ triggering: false });
    else this.model.close();
  }

  /** step moves the selection, and the focus to the list, where enter opens it. @param {number} n */
  step(n) {
    this.model.step(n);
    focus(".list");
  }

  /** enter opens the selected delivery; once it is open, goes into it. */
  enter() {
    const { model } = this;
    if (model.opened && model.opened === model.selected) focus(".detail");
    else if (model.line(model.selected) >= 0) model.open(model.selected);
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    const { model } = this;
    const on = /** @type {HTMLElement} */ (e.target);
    if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName)) return;
    const keys = /** @type {Record<string, () => void>} */ ({
      j: () => this.step(1),
      k: () => this.step(-1),
      r: () => run.replay(model, model.row(model.selected)),
      e: () => run.edit(model, model.row(model.selected)),
      c: () => run.copy(model, model.row(model.selected)),
      d: () => run.compare(model, model.row(model.selected)),
      x: () => run.remove(model, model.row(model.selected)),
      Escape: () => this.close(),
    });
    if (on === document.body || on.getAttribute("role") === "grid") {
      const pageful = 20;
      Object.assign(keys, {
        ArrowDown: () => this.step(1),
        ArrowUp: () => this.step(-1),
        PageDown: () => this.step(pageful),
        PageUp: () => this.step(-pageful),
        Home: () => this.step(-model.rows.length),
        End: () => this.step(model.rows.length),
        Enter: () => this.enter(),
      });
    }
    if (!keys[e.key]) return;
    e.preventDefault();
    keys[e.key]();
  }

  render() {
    const { model } = this;
    if (model.connection === "locked" && model.rows.length === 0) return html`<${Locked} />`;
    const view = views.find((v) => v.name === model.place.view) ?? views[0];
    return html`
      <${Strip} model=${model} />
      <${Tabs} model=${model} view=${view} />
      ${view.part ? html`<main class="view" id="view"><${Lazy} key=${view.name} part=${view.part} model=${model} /></main>` : this.deliveries()}
      <div class="notices" role="status" aria-live="polite">${model.notice && html`<p class=${model.notice.tone}>${model.notice.text}</p>`}</div>`;
  }

  /** deliveries is the view of the list and of what is open. */
  deliveries() {
    const { model } = this;
    const d = model.row(model.opened);
    const pane = panes[model.place.pane];
    const empty = model.loaded && model.rows.length === 0;
    return html`
      <main class=${d ? "with-detail" : ""} id="view">
        <section class="deliveries" aria-label="Deliveries">
          <div class="toolbar">
            <h2>Deliveries <small>${model.loaded ? model.rows.length.toLocaleString() + (model.more ? "+" : "") : ""}</small></h2>
            ${!empty && html`<${ListActions} model=${model} />`}
            ${!empty && html`<${Trigger} model=${model} open=${this.state.triggering} onToggle=${() => this.setState({ triggering: !this.state.triggering })} />`}
          </div>
          ${empty ? html`<${Empty} model=${model} />` : html`<${List} model=${model} onOlder=${() => this.read()} />`}
          <footer class="keys" aria-hidden="true">
            <span><kbd>j</kbd><kbd>k</kbd> move</span><span><kbd>⏎</kbd> open</span><span><kbd>r</kbd> replay</span><span><kbd>esc</kbd> close</span>
          </footer>
        </section>
        ${d && (pane
          ? html`<${Lazy} key=${model.place.pane} part=${pane} model=${model} d=${d} />`
          : html`<${Detail} key="detail" model=${model} d=${d} onClose=${() => model.close()} />`)}
      </main>`;
  }
}

/** Tabs lead from view to view. @param {{model: ModelOf, view: View}} props */
function Tabs({ model, view }) {
  const shown = views.filter((v) => v.exists?.(model) ?? true);
  if (shown.length < 2) return null;
  return html`
    <nav class="tabs" aria-label="Views">
      ${shown.map((v) => html`<button aria-current=${v === view ? "page" : undefined} onClick=${() => model.go({ view: v.name })}>${v.title}</button>`)}
    </nav>`;
}

/** @param {string} selector */
function focus(selector) {
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus({ preventScroll: true });
}

render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
