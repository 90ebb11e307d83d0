// @ts-check
// What one does with an open delivery: the row of buttons and menus, and the same by key.

import { Component, html } from "../vendor/htm-preact.js";
import { Lazy } from "../common/lazy.js";
import { Menu } from "../common/menu.js";
import { answer, duration, oneLine, plural } from "../common/text.js";
import { call, message, request } from "../state/session.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Attempt} Attempt */
/** @typedef {import("../types.js").Copied} Copied */
/** @typedef {import("../types.js").Saved} Saved */
/** @typedef {import("../types.js").RemovedCount} RemovedCount */
/** @typedef {import("../common/menu.js").Item} Item */

/** The dialog for a fixture's name. @type {import("../common/lazy.js").Part} */
const naming = { load: () => import("./naming.js") };

const patience = 5_000; // ms in which the second press deletes

/** The deliveries that are being replayed, by seq. @type {Set<number>} */
const replaying = new Set();
/** The delivery that one more press deletes, and until when. */
let condemned = { id: "", until: 0 };
/** The menu to be opened once the delivery is. */
let wanted = { id: "", menu: "" };

/**
 * run are the actions by name, for the keys. Each takes the model and the delivery, or nothing when none is selected.
 * @type {Record<"replay" | "edit" | "compare" | "copy" | "remove", (model: Model, d: Summary | undefined) => void>}
 */
export const run = {
  replay: (model, d) => d && replay(model, d),
  edit: (model, d) => d && model.status?.can_send && model.go({ view: "", open: d.id, pane: "edit", with: "" }),
  compare: (model, d) => d && compare(model, d),
  copy: (model, d) => d && openMenu(model, d, "copy"),
  remove: (model, d) => d && remove(model, d),
};

/** replay sends a delivery to the app again. @param {Model} model @param {Summary} d */
async function replay(model, d) {
  if (replaying.has(d.seq) || !model.status?.can_replay) return;
  replaying.add(d.seq);
  model.changed();
  try {
    /** @type {Attempt} */
    const a = await call("POST", "/api/deliveries/" + d.id + "/replay", {});
    const good = a.status >= 200 && a.status < 300;
    model.say("Replayed " + d.id + ": " + answer(a) + " in " + duration(a.duration_ms) + (a.error ? ". " + oneLine(a.error) : "."), good ? "ok" : "bad");
  } catch (err) {
    model.say("Could not replay " + d.id + ": " + message(err), "bad");
  } finally {
    replaying.delete(d.seq);
    model.changed();
  }
}

/** compare marks a delivery at the first press, and compares another with it at the next. @param {Model} model @param {Summary} d */
function compare(model, d) {
  const { marked } = model;
  if (marked && marked !== d.id) {
    model.marked = "";
    return model.go({ view: "", open: d.id, pane: "compare", with: marked });
  }
  model.marked = marked === d.id ? "" : d.id;
  model.say(model.marked ? d.id + " is marked. Go to another delivery and press d to compare the two." : d.id + " is not marked any more.", "ok");
}

/** @param {Model} model @param {Summary} d @param {string} menu */
function openMenu(model, d, menu) {
  wanted = { id: d.id, menu };
  if (model.place.open !== d.id || model.place.pane) model.go({ view: "", open: d.id, pane: "", with: "" });
  model.changed();
}

/** remove deletes a delivery at the second press. @param {Model} model @param {Summary} d */
async function remove(model, d) {
  if (condemned.id !== d.id || performance.now() > condemned.until) {
    condemned = { id: d.id, until: performance.now() + patience };
    setTimeout(() => model.changed(), patience + 10); // the button is as before
    model.say("Press again to delete " + d.id + " for good" + (d.state === "waiting" ? "; it has not reached the app yet." : "."), "bad");
    return;
  }
  condemned = { id: "", until: 0 };
  try {
    const { list } = model;
    const below = list.rows[list.find(d.seq) - 1] ?? list.rows[list.find(d.seq) + 1];
    await call("DELETE", "/api/deliveries/" + d.id);
    model.forget([d.seq]);
    if (model.selected === d.seq) model.select(below?.seq ?? 0); // the keyboard goes on from here
    model.say("Deleted " + d.id + ".", "ok");
  } catch (err) {
    model.say("Could not delete " + d.id + ": " + message(err), "bad");
  }
}

/** copyAs puts a delivery on the clipboard as a command or a program. @param {Model} model @param {Summary} d @param {import("../types.js").Named} form */
async function copyAs(model, d, form) {
  try {
    /** @type {Copied} */
    const { text, note } = await call("GET", "/api/deliveries/" + d.id + "/copy?as=" + encodeURIComponent(form.name));
    await navigator.clipboard.writeText(text);
    model.say("Copied " + d.id + " as " + form.title + ". " + (note ? oneLine(note) : "Receivers take its signature for five minutes."), "ok");
  } catch (err) {
    const denied = err instanceof DOMException;
    model.say(denied ? "The browser does not allow copying." : "Could not copy " + d.id + ": " + message(err), "bad");
  }
}

/**
 * writeFixture writes a delivery as a file beside the project's tests, under a name of pictap's when it is "", and says so.
 * @param {Model} model
 * @param {Summary} d
 * @param {boolean} exact
 * @param {string} name
 */
async function writeFixture(model, d, exact, name) {
  /** @type {Saved} */
  const { path } = await call("POST", "/api/deliveries/" + d.id + "/fixture", { name, exact });
  model.say("Saved as " + oneLine(path) + (exact ? ", byte for byte." : ", with fakes for what is personal."), "ok");
}

/** saveFixture saves a delivery under the name that pictap gives it. @param {Model} model @param {Summary} d @param {boolean} exact */
async function saveFixture(model, d, exact) {
  try {
    await writeFixture(model, d, exact, "");
  } catch (err) {
    model.say("Could not save " + d.id + ": " + message(err), "bad");
  }
}

/**
 * download fetches a file and has the browser save it under the name that the server gives.
 * @param {Model} model
 * @param {string} path
 */
export async function download(model, path) {
  try {
    const got = await request("GET", path);
    const name = /filename="?([\w.-]+)"?/.exec(got.headers.get("Content-Disposition") ?? "")?.[1] ?? "pictap";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await got.blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
    return true;
  } catch (err) {
    model.say("Could not download it: " + message(err), "bad");
    return false;
  }
}

/**
 * clear deletes what a search finds, all when it is "". The first call says how many that would be; the second, soon
 * after it, does it.
 * @param {Model} model
 * @param {string} q
 */
export async function clear(model, q) {
  const id = "all " + q;
  const dry = condemned.id !== id || performance.now() > condemned.until;
  try {
    /** @type {RemovedCount} */
    const { removed } = await call("POST", "/api/clear", { q, dry });
    condemned = { id: "", until: 0 };
    if (!dry) return model.say("Deleted " + plural(removed, "delivery", "deliveries") + ".", "ok");
    if (removed === 0) return model.say("There is nothing to delete.", "ok");
    condemned = { id, until: performance.now() + patience };
    setTimeout(() => model.changed(), patience + 10);
    model.say("Press again to delete " + plural(removed, "delivery", "deliveries") + (q ? " that the search finds" : ", everything that was recorded") + ", for good.", "bad");
  } catch (err) {
    model.say("Could not delete them: " + message(err), "bad");
  }
}

/** ListActions is the menu of the list: what one does with all that it shows. */
export class ListActions extends Component {
  constructor() {
    super();
    this.state = { open: false };
  }

  /** @returns {Item[]} */
  items() {
    const { model } = /** @type {{model: Model}} */ (/** @type {any} */ (this.props));
    const { q } = model.place;
    const all = q ? "what is found" : "all";
    /** @type {Item[]} */
    const items = (model.status?.export_as ?? []).map((form) => ({
      title: "Export " + all + " as " + form.title, hint: "redacted",
      run: async () => {
        model.say("Writing it…", "ok");
        if (await download(model, "/api/export?" + new URLSearchParams({ format: form.name, q }))) model.say("Exported.", "ok");
      },
    }));
    const sure = condemned.id === "all " + q && performance.now() < condemned.until;
    items.push({ title: sure ? "Press again to delete " + all : "Delete " + all + "…", tone: "bad", stays: true, run: () => clear(model, q) });
    return items;
  }

  render() {
    const { model } = /** @type {{model: Model}} */ (/** @type {any} */ (this.props));
    if (model.rows.length === 0) {
      this.state.open = false; // not to be open when there are rows again
      return null;
    }
    return html`<${Menu} label="All" title="What to do with all that the list shows" items=${this.items()} disabled=${model.connection !== "live"}
      open=${this.state.open} onToggle=${(/** @type {boolean} */ open) => open !== this.state.open && this.setState({ open })} />`;
  }
}

/** Actions is the row of buttons and menus of an open delivery. */
export class Actions extends Component {
  constructor() {
    super();
    this.state = { menu: "", naming: false };
  }

  /** @returns {{model: Model, d: Summary}} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  componentDidMount() {
    this.wish();
  }

  componentDidUpdate() {
    this.wish();
  }

  /** wish opens the menu that a key asked for. */
  wish() {
    if (wanted.id !== this.own.d.id) return;
    const { menu } = wanted;
    wanted = { id: "", menu: "" };
    this.setState({ menu });
  }

  /** @returns {Item[]} */
  copies() {
    const { model, d } = this.own;
    return (model.status?.copy_forms ?? []).map((form) => ({ title: form.title, run: () => copyAs(model, d, form) }));
  }

  /** @returns {Item[]} */
  others() {
    const { model, d } = this.own;
    const path = "/api/deliveries/" + d.id;
    /** @type {Item[]} */
    const items = [{ title: "Download the exact bytes", run: () => download(model, path + "/body") }];
    if (model.status?.can_fixture) {
      items.push(
        { title: "Save as fixture", hint: "with fakes for what is personal", run: () => saveFixture(model, d, false) },
        { title: "Save as fixture, exact bytes", run: () => saveFixture(model, d, true) },
        { title: "Save as fixture, named…", run: () => this.setState({ naming: true }) });
    }
    for (const form of model.status?.export_as ?? []) {
      items.push({ title: "Export as " + form.title, hint: "redacted", run: () => download(model, "/api/export?format=" + encodeURIComponent(form.name) + "&id=" + d.id) });
    }
    items.push({ title: this.condemned ? "Press again to delete it" : "Delete…", key: "x", tone: "bad", stays: true, run: () => run.remove(model, d) });
    return items;
  }

  get condemned() {
    return condemned.id === this.own.d.id && performance.now() < condemned.until;
  }

  render() {
    const { model, d } = this.own;
    const { marked, drafts } = model;
    const away = model.connection !== "live";
    const busy = replaying.has(d.seq);
    /** @param {string} name @param {boolean} open */
    const toggle = (name, open) => this.setState({ menu: open ? name : this.state.menu === name ? "" : this.state.menu });
    const copies = this.copies();
    return html`
      <div class="actions row" role="toolbar" aria-label=${"What to do with " + d.id}>
        ${model.status?.can_replay && html`<button class="primary" disabled=${busy || away} onClick=${() => run.replay(model, d)}
          title="Send it to the app again, freshly signed (r)">${busy ? "Replaying…" : "Replay"}</button>`}
        ${model.status?.can_send && html`<button disabled=${away} onClick=${() => run.edit(model, d)} title="Change it, and send it as a new delivery (e)">${drafts.has(d.id) ? "Edit, begun" : "Edit"}</button>`}
        <button onClick=${() => (marked && marked !== d.id ? compare(model, d) : model.go({ pane: "compare", with: "" }))}
          title="Compare it with the one before of its type, or with another (d)">${marked && marked !== d.id ? "Compare with " + marked : "Compare"}</button>
        ${copies.length > 0 && html`<${Menu} label="Copy as" title="Copy it as a command or a program that sends it (c)" items=${copies} disabled=${away}
          open=${this.state.menu === "copy"} onToggle=${(/** @type {boolean} */ open) => toggle("copy", open)} />`}
        <${Menu} label="More" items=${this.others()} disabled=${away}
          open=${this.state.menu === "more"} onToggle=${(/** @type {boolean} */ open) => toggle("more", open)} />
      </div>
      ${this.state.naming && html`<${Lazy} part=${naming} model=${model} d=${d}
        save=${(/** @type {boolean} */ exact, /** @type {string} */ name) => writeFixture(model, d, exact, name)} onClose=${() => this.setState({ naming: false })} />`}`;
  }
}
