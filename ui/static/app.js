// @ts-check
// The page: strip, tabs, search, list and detail, and what the keys do.

import { Component, html, render } from "./vendor/htm-preact.js";
import { bind, does, keys, label, press, provide } from "./common/keys.js";
import { Lazy, ahead } from "./common/lazy.js";
import { ListActions, run } from "./delivery/actions.js";
import { Alerts, Notices, Toolbox, dress } from "./frame/comfort.js";
import { Strip } from "./frame/strip.js";
import { Chips } from "./list/chips.js";
import { Empty, Locked } from "./list/empty.js";
import { List, pin } from "./list/list.js";
import { NoMatch, Search, Trouble, count, troubled } from "./list/search.js";
import { follow } from "./state/live.js";
import { Model } from "./state/model.js";
import { Reader } from "./state/reader.js";
import { take, welcome } from "./state/session.js";
import { Trigger } from "./trigger/trigger.js";

/** @typedef {import("./common/lazy.js").Part} Part */
/** @typedef {import("./state/model.js").Model} ModelOf */

/**
 * The views, in the order of their tabs. The first is the deliveries; the others come when somebody goes there.
 * @typedef {object} View
 * @property {string} name                     as the place has it
 * @property {string} title
 * @property {string=} key                     the letter that leads there after g
 * @property {Part=} part
 * @property {((model: ModelOf) => boolean)=} exists   whether there is such a view now
 */

/** @type {View[]} */
const views = [
  { name: "", title: "Deliveries", key: "d" },
  { name: "overview", title: "Overview", key: "o", part: { load: () => import("./overview/overview.js"), style: "overview/overview.css" } },
  { name: "trigger", title: "Trigger", key: "t", part: { load: () => import("./trigger/volley.js"), style: "trigger/volley.css" }, exists: (model) => model.status?.can_shape === true },
  { name: "mock", title: "Mock", key: "m", part: { load: () => import("./mock/mock.js"), style: "mock/mock.css" }, exists: (model) => model.status?.mock === true },
];

/** What is shown of an open delivery beside its detail, by the name of the place's pane. @type {Record<string, Part>} */
const panes = {
  edit: { load: () => import("./delivery/edit.js"), style: "delivery/edit.css" },
  compare: { load: () => import("./delivery/compare.js"), style: "delivery/compare.css" },
};

/** What is shown of an open delivery. It comes as soon as the first rows are there. @type {Part} */
const detail = { load: () => import("./delivery/detail.js") };

/** @type {Part} */
const help = { load: () => import("./frame/help.js"), style: "frame/help.css" };

const drawAnyway = 200; // ms after which the page is drawn though its first rows are not there yet

const model = new Model();
const reader = new Reader(model);
const entered = take()
  .catch(() => false) // follow tries again what there is
  .then(() => model.arrive());
const firstRows = entered.then(() => reader.begin()); // the socket says later what has changed since

class App extends Component {
  constructor() {
    super();
    this.state = { triggering: false, helping: false };
    this.model = model;
    this.reader = reader;
    this.alerts = new Alerts(this.model);
    this.complete = false; // what is needed next has been asked for
    /** What was last shown beside the list. @type {import("./types.js").Summary | undefined} */
    this.shown = undefined;
    this.bindKeys();
  }

  componentDidMount() {
    const { model, reader } = this;
    model.watch(() => this.setState({}));
    document.addEventListener("keydown", (e) => press(e, model));
    addEventListener("hashchange", () => {
      if (model.connection !== "locked") take().catch(() => false); // then follow does
    });
    addEventListener("popstate", () => model.arrive());
    welcome();
    entered.then(() =>
      follow({
        connection: (c) => model.connect(c),
        status: (status) => model.receive({ type: "status", status }),
        since: () => model.rev,
        epoch: () => model.epoch,
        frame: (f) => {
          if (model.receive(f)) reader.begin();
        },
      }),
    );
    this.drawn();
  }

  componentDidUpdate() {
    dress(this.model);
    this.drawn();
  }

  /** drawn loads what is needed next, once, when the first rows are there. */
  drawn() {
    if (this.model.all.loaded && !this.complete) {
      this.complete = true;
      setTimeout(ahead, 0, detail); // after the rows are drawn
    }
  }

  /** bindKeys fills the table of keys. What other parts do, they provide by name. */
  bindKeys() {
    const { model } = this;
    const pageful = 20;
    const moving = "Moving around";
    const one = "The selected delivery";
    const here = () => model.place.view === "";
    const selected = () => here() && model.row(model.selected) !== undefined;
    for (const [name, act] of Object.entries(run)) provide(name, act);
    bind(
      { keys: ["j"], words: "the next one, older", group: moving, hint: "move", when: here, run: () => this.step(1) },
      { keys: ["k"], words: "the one before, newer", group: moving, hint: "move", when: here, run: () => this.step(-1) },
      { keys: ["ArrowDown"], words: "", group: moving, list: true, when: here, run: () => this.step(1) },
      { keys: ["ArrowUp"], words: "", group: moving, list: true, when: here, run: () => this.step(-1) },
      { keys: ["PageDown"], words: "", group: moving, list: true, when: here, run: () => this.step(pageful) },
      { keys: ["PageUp"], words: "", group: moving, list: true, when: here, run: () => this.step(-pageful) },
      { keys: ["Home"], words: "", group: moving, list: true, when: here, run: () => this.step(-model.rows.length) },
      { keys: ["End"], words: "", group: moving, list: true, when: here, run: () => this.step(model.rows.length) },
      { keys: ["["], words: "the newest", group: moving, when: here, run: () => this.step(-model.rows.length) },
      { keys: ["]"], words: "the oldest that was read", group: moving, when: here, run: () => this.step(model.rows.length) },
      { keys: ["Enter"], words: "open it; once it is open, go into it", group: moving, hint: "open", list: true, when: here, run: () => this.enter() },
      { keys: ["Escape"], words: "close what is open", group: moving, hint: "close", when: () => this.state.triggering || model.opened > 0, run: () => this.close() },
      { keys: ["/"], words: "search", group: moving, hint: "search", run: () => this.search() },
      ...views.filter((v) => v.key).map((v) => ({
        keys: ["g " + v.key], words: "go to " + v.title.toLowerCase(), group: moving, when: () => v.exists?.(model) ?? true, run: () => model.go({ view: v.name }),
      })),
      { keys: ["r"], words: "send it to the app again", group: one, hint: "replay", action: "replay", when: () => selected() && model.status?.can_replay === true },
      { keys: ["e"], words: "edit and send it", group: one, action: "edit", when: () => selected() && model.status?.can_send === true },
      { keys: ["d"], words: "compare it with another one", group: one, action: "compare", when: selected },
      { keys: ["c"], words: "copy it as a command", group: one, action: "copy", when: selected },
      { keys: ["p"], words: "pin it, or no longer", group: one, when: selected, run: () => pin(model, model.selected) },
      { keys: ["u"], words: "mark it as unread, or read", group: one, when: selected, run: () => model.marks.see(model.selected, model.marks.isUnread(model.selected)) },
      { keys: ["x"], words: "delete it", group: one, action: "remove", when: selected },
      { keys: ["."], words: "pause the list, or let it go on", group: "The page", when: here, run: () => this.pause() },
      { keys: [" "], words: "", group: "The page", list: true, when: here, run: () => this.pause() },
      { keys: ["?"], words: "this help", group: "The page", hint: "help", run: () => this.setState({ helping: true }) },
    );
  }

  close() {
    if (this.state.triggering) this.setState({ triggering: false });
    else this.model.close();
  }

  pause() {
    if (this.model.paused) this.reader.resume();
    else this.model.pause(true);
  }

  /** search puts the keyboard into the search box. */
  search() {
    if (this.model.place.view) this.model.go({ view: "" });
    this.setState({}, () => /** @type {HTMLInputElement | null} */ (document.querySelector(".search input"))?.select()); // once it is there
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

  render() {
    const { model } = this;
    if (model.connection === "locked" && model.all.rows.length === 0) return html`<${Locked} />`;
    const view = views.find((v) => v.name === model.place.view) ?? views[0];
    return html`
      <${Strip} model=${model} />
      <div class="tabs">
        <${Tabs} model=${model} view=${view} />
        <${Toolbox} model=${model} alerts=${this.alerts} onHelp=${() => this.setState({ helping: true })} />
      </div>
      ${view.part ? html`<main class="view" id="view"><${Lazy} key=${view.name} part=${view.part} model=${model} /></main>` : this.deliveries()}
      <${Notices} model=${model} />
      ${this.state.helping && html`<${Lazy} part=${help} model=${model} onClose=${() => this.setState({ helping: false })} />`}`;
  }

  /** deliveries is the view of the list and of what is open. */
  deliveries() {
    const { model, reader } = this;
    const empty = model.all.loaded && model.all.rows.length === 0 && !model.place.q;
    return html`
      <main class=${model.opened ? "with-detail" : ""} id="view">
        <section class="deliveries" aria-label="Deliveries">
          ${empty ? html`<${Empty} model=${model} />` : html`
            <div class="toolbar">
              <h2 class="unheard">Deliveries</h2>
              <${Search} model=${model} reader=${reader} />
              <small class="count" role="status">${count(model)}</small>
              <button class="quiet pause" aria-pressed=${model.paused} title="Stop the list from changing (.)" onClick=${() => this.pause()}>${model.paused ? "Paused" : "Pause"}</button>
              <${ListActions} model=${model} />
              <${Trigger} model=${model} open=${this.state.triggering} onToggle=${() => this.setState({ triggering: !this.state.triggering })} />
            </div>
            <div class="filters">
              ${troubled(model)
                ? html`<${Trouble} model=${model} />`
                : html`<${Chips} model=${model} reader=${reader} /><${SeeAll} model=${model} />`}
            </div>
            ${this.list()}`}
          <${Hints} model=${model} />
        </section>
        ${model.opened > 0 && this.opened()}
      </main>`;
  }

  list() {
    const { model, reader } = this;
    if (model.found && model.rows.length === 0) {
      return html`<${NoMatch} model=${model} onClear=${() => model.go({ q: "" })} />`;
    }
    return html`<${List} model=${model} onOlder=${() => reader.step()} onFill=${(/** @type {number} */ first, /** @type {number} */ end) => reader.fill(first, end)}
      onResume=${() => this.pause()} />`;
  }

  /** opened is what is shown of the open delivery. */
  opened() {
    const { model } = this;
    const seq = model.opened;
    const d = model.row(seq) ?? (this.shown?.seq === seq ? this.shown : undefined); // while the list is read anew, what is open stays
    this.shown = d;
    const pane = panes[model.place.pane];
    return html`
      <div class="beside">
        <button class="quiet back" onClick=${() => model.close()}>‹ Deliveries</button>
        ${pane && d
          ? html`<${Lazy} key=${model.place.pane} part=${pane} model=${model} seq=${seq} d=${d} />`
          : d ? html`<${Lazy} key="detail" part=${detail} model=${model} seq=${seq} d=${d} />`
          : model.missing === seq ? html`<${Missing} seq=${seq} onClose=${() => model.close()} />`
          : html`<div class="loading" aria-busy="true" />`}
      </div>`;
  }
}

/** Missing is shown in place of a delivery that is not stored. @param {{seq: number, onClose: () => void}} props */
function Missing({ seq, onClose }) {
  return html`
    <article class="detail" tabindex="-1" aria-label=${"Delivery d" + seq}>
      <header><div class="title"><h2>d${seq}</h2><div class="actions"><button class="quiet close" aria-label="Close the detail" onClick=${onClose}>✕</button></div></div></header>
      <p class="trouble" role="status">There is no d${seq} here. It may have been deleted, newer ones may have taken its place, or the link is from another machine.</p>
    </article>`;
}

/** Tabs lead from view to view. @param {{model: ModelOf, view: View}} props */
function Tabs({ model, view }) {
  const shown = views.filter((v) => v.exists?.(model) ?? true);
  return html`
    <nav aria-label="Views">
      ${shown.map((v) => html`<button aria-current=${v === view ? "page" : undefined} onClick=${() => model.go({ view: v.name })}>${v.title}</button>`)}
    </nav>`;
}

/** SeeAll marks everything as read. @param {{model: ModelOf}} props */
function SeeAll({ model }) {
  const newest = model.all.rows.at(-1)?.seq ?? 0;
  const { marks } = model;
  const none = newest <= marks.kept.upTo && marks.unread.size === 0;
  return html`<button class="quiet see-all" disabled=${none} onClick=${() => marks.seeAll(newest)}>Mark all read</button>`;
}

/** Hints name the keys that are used most. @param {{model: ModelOf}} props */
function Hints({ model }) {
  const hints = [...new Set(keys.filter((k) => k.hint && does(k, model)).map((k) => k.hint))];
  return html`
    <footer class="keys" aria-hidden="true">
      ${hints.map((hint) => html`<span>${keys.filter((k) => k.hint === hint).map((k) => html`<kbd>${label(k.keys[0])}</kbd>`)} ${hint}</span>`)}
    </footer>`;
}

/** @param {string} selector */
function focus(selector) {
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus({ preventScroll: true });
}

// Drawn once with the first rows in it: to lay out an empty page first, and then all of it again, takes longer.
await Promise.race([firstRows, new Promise((done) => setTimeout(done, drawAnyway))]);
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
