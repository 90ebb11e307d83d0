// @ts-check
// Two deliveries side by side, or two of the app's answers to one: what differs, and what is the same.

import { Component, html } from "../vendor/htm-preact.js";
import { answer, duration, exact, oneLine, outcome, plural, size, verdictLabel, visible, when } from "../common/text.js";
import { quoted } from "../common/words.js";
import { isHollow } from "../state/rows.js";
import { call, message } from "../state/session.js";
import { diffBodies, diffFields, runs } from "./diff.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").Detail} Detail */
/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Attempt} Attempt */
/** @typedef {import("./diff.js").Line} Line */

const choices = 60; // deliveries to choose from
const around = 2; // lines that are the same, around each that is not
const shownLines = 4_000; // of one section; more would take the browser too long

/**
 * A part of the comparison.
 * @typedef {object} Part
 * @property {string} title
 * @property {Line[]} lines
 * @property {string=} note
 */

export default class Compare extends Component {
  constructor() {
    super();
    /** @type {{left: Detail | null, right: Detail | null, trouble: string, steady: boolean, all: boolean, tries: [number, number]}} */
    this.state = { left: null, right: null, trouble: "", steady: false, all: false, tries: [0, 0] };
    this.asked = "";
    /** @type {{key: string, parts: Part[]}} */
    this.made = { key: "", parts: [] };
  }

  /** @returns {{model: Model, d: Summary}} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  componentDidMount() {
    this.load();
  }

  componentDidUpdate() {
    this.load();
  }

  /** load reads the two, again when one of them has changed. */
  async load() {
    const { model, d } = this.own;
    if (model.connection !== "live") return;
    const want = [d.id, d.rev, model.place.with, model.hellos].join(" ");
    if (this.asked === want) return;
    this.asked = want;
    try {
      const id = model.place.with || (await this.before());
      if (this.asked !== want) return;
      if (!id) return this.setState({ left: null, right: null, trouble: "There is no earlier delivery of this type. Choose another to compare it with." });
      const [left, right] = await Promise.all([id, d.id].map((one) => /** @type {Promise<Detail>} */ (call("GET", "/api/deliveries/" + one))));
      if (this.asked !== want) return;
      const n = right.attempts.length;
      if (left.id === right.id && n < 2) return this.setState({ left, right: null, trouble: "It was handed to the app " + (n ? "once" : "not at all") + ", so there are no two answers to compare." });
      this.setState({ left, right, trouble: "", tries: [right.attempts[n - 2]?.n ?? 0, right.attempts[n - 1]?.n ?? 0] });
    } catch (err) {
      if (this.asked === want) this.setState({ left: null, right: null, trouble: "They could not be read: " + message(err) + "." });
    }
  }

  /** before is the id of the delivery before this one that is of its type, "" for none. @returns {Promise<string>} */
  async before() {
    const { list } = this.own.model;
    const { d } = this.own;
    for (let i = list.find(d.seq) - 1; i >= 0 && !isHollow(list.rows[i]); i--) if (list.rows[i].event === d.event) return list.rows[i].id;
    for (let next = d.seq, more = true; more; ) {
      const page = await call("GET", "/api/deliveries?" + new URLSearchParams({ q: "event:" + quoted(d.event), before: String(next), limit: "1" }));
      if (page.deliveries.length > 0) return page.deliveries[0].id;
      ({ next, more } = page);
    }
    return "";
  }

  /** parts are what is compared, made once for each pair. @returns {Part[]} */
  parts() {
    const { left, right, tries } = this.state;
    if (!left || !right) return [];
    const key = [left.id, left.rev, right.id, right.rev, ...tries].join(" ");
    if (this.made.key !== key) this.made = { key, parts: left.id === right.id ? answers(right, tries) : deliveries(left, right) };
    return this.made.parts;
  }

  render() {
    const { model, d } = this.own;
    const { left, right, trouble, steady, all, tries } = this.state;
    const same = model.place.with === d.id;
    const parts = this.parts();
    /** @param {(l: Line) => boolean} which */
    const count = (which) => parts.reduce((n, p) => n + differences(p.lines.filter(which)), 0);
    const real = count((l) => !l.volatile);
    const usual = count((l) => l.volatile);
    return html`
      <article class="detail compare" tabindex="-1" aria-label=${"Compare " + d.id} onKeyDown=${(/** @type {KeyboardEvent} */ e) => this.key(e)}>
        <header>
          <div class="title">
            <h2>Compare ${d.id} with</h2>
            <${Choice} model=${model} d=${d} left=${left} />
            <button class="quiet close" aria-label="Back to the delivery" title="Back to the delivery (esc)" onClick=${() => this.back()}>✕</button>
          </div>
          ${same && right && html`<p class="actions row">
            ${[0, 1].map((side) => html`<label>${side ? "with" : "attempt"} <select value=${tries[side]}
              onChange=${(/** @type {any} */ e) => this.setState({ tries: side ? [tries[0], Number(e.target.value)] : [Number(e.target.value), tries[1]] })}>
              ${right.attempts.map((a) => html`<option value=${a.n} selected=${a.n === tries[side]}>${a.n}: ${answer(a)}</option>`)}</select></label>`)}
          </p>`}
          ${parts.length > 0 && html`<div class="actions row">
            <p class="found" role="status">${found(real, usual)}</p>
            <label><input type="checkbox" checked=${steady} onChange=${() => this.setState({ steady: !steady })} /> leave out times, ids and signatures</label>
            <label><input type="checkbox" checked=${all} onChange=${() => this.setState({ all: !all })} /> show what is the same</label>
          </div>`}
        </header>
        ${trouble && html`<p class="trouble" role="status">${trouble}</p>`}
        ${parts.map((p) => html`<${Section} key=${p.title} part=${p} steady=${steady} all=${all} />`)}
        ${!trouble && parts.length === 0 && html`<div class="loading" aria-busy="true" />`}
      </article>`;
  }

  back() {
    this.own.model.go({ pane: "", with: "" });
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    if (e.key !== "Escape") return;
    e.preventDefault();
    e.stopPropagation();
    this.back();
  }
}

/** Choice is what to compare with. @param {{model: Model, d: Summary, left: Detail | null}} props */
function Choice({ model, d, left }) {
  const now = new Date();
  const { list } = model;
  const at = list.find(d.seq);
  const near = list.rows.slice(Math.max(0, at - choices / 2), at + choices / 2).filter((o) => o.id !== d.id && !isHollow(o)).reverse();
  const chosen = model.place.with;
  /** @param {Summary} o */
  const words = (o) => [o.id, oneLine(o.event) || "unrecognised", when(new Date(o.time), now), outcome(o).text].join("  ");
  const shown = left && left.id !== d.id ? left : null;
  return html`
    <select aria-label="Compare with" value=${chosen} onChange=${(/** @type {any} */ e) => model.go({ pane: "compare", with: e.target.value }, true)}>
      <option value="" selected=${!chosen}>the one before of its type${!chosen && shown ? " (" + shown.id + ")" : ""}</option>
      ${(d.attempt_count > 1 || chosen === d.id) && html`<option value=${d.id} selected=${chosen === d.id}>its own attempts, one with another</option>`}
      ${chosen && chosen !== d.id && !near.some((o) => o.id === chosen) && html`<option value=${chosen} selected>${shown ? words(shown) : chosen}</option>`}
      ${near.map((o) => html`<option value=${o.id} selected=${o.id === chosen}>${words(o)}</option>`)}
    </select>`;
}

/** @param {{part: Part, steady: boolean, all: boolean}} props */
function Section({ part, steady, all }) {
  const lines = (steady ? part.lines.filter((l) => !l.volatile) : part.lines).slice(0, shownLines);
  const differ = differences(lines);
  if (lines.length === 0) return null;
  const shown = all ? lines : differ === 0 && !part.note ? [] : runs(lines, around);
  return html`
    <section aria-label=${part.title}>
      <h3>${part.title} <small>${differ === 0 ? "the same" : plural(differ, "difference", "differences")}</small></h3>
      ${part.note && html`<p class="note">${part.note}</p>`}
      ${shown.length > 0 && html`<pre class="diff" role="group" tabindex="0" aria-label=${part.title + ", compared"}>${shown.map((x) => ("folded" in x ? html`<${Fold} lines=${x.folded} />` : html`<${LineOf} line=${x} />`))}</pre>`}
      ${part.lines.length > shownLines && html`<p class="note">There is more: ${plural(part.lines.length - shownLines, "line", "lines")}.</p>`}
    </section>`;
}

/** Fold hides lines that are the same until somebody wants them. */
class Fold extends Component {
  constructor() {
    super();
    this.state = { open: false };
  }

  render() {
    const { lines } = /** @type {{lines: Line[]}} */ (/** @type {any} */ (this.props));
    if (this.state.open) return lines.map((l) => html`<${LineOf} line=${l} />`);
    return html`<button class="quiet fold" onClick=${() => this.setState({ open: true })}>… ${plural(lines.length, "line that is", "lines that are")} the same</button>`;
  }
}

/** @param {{line: Line}} props */
function LineOf({ line: { sign, depth, text, volatile } }) {
  const shown = sign + " " + "  ".repeat(Math.min(depth, 40)) + visible(text.slice(0, 4_000)) + (text.length > 4_000 ? "…" : "") + "\n";
  if (sign === "-") return html`<del class=${volatile ? "volatile" : ""}>${shown}</del>`;
  if (sign === "+") return html`<ins class=${volatile ? "volatile" : ""}>${shown}</ins>`;
  return html`<span>${shown}</span>`;
}

/** differences counts changes: lines of both sides that follow one another are one. @param {Line[]} lines */
function differences(lines) {
  let n = 0;
  let removed = 0;
  for (const { sign } of lines) {
    if (sign === "-") {
      n++;
      removed++;
    } else if (sign === "+" && removed > 0) removed--;
    else if (sign === "+") n++;
    else removed = 0;
  }
  return n;
}

/** @param {number} real @param {number} usual */
function found(real, usual) {
  const rest = usual ? plural(usual, "difference", "differences") + " in times, ids and signatures" : "";
  if (real === 0) return rest ? "Only " + rest + "." : "No difference.";
  return plural(real, "difference", "differences") + (rest ? ", and " + rest : "") + ".";
}

/** deliveries compares two deliveries. @param {Detail} left @param {Detail} right @returns {Part[]} */
function deliveries(left, right) {
  const [a, b] = [left.attempts.at(-1), right.attempts.at(-1)];
  /** @type {Part[]} */
  const parts = [
    { title: "Outcome", lines: diffFields(facts(left), facts(right)).map((l) => ({ ...l, volatile: l.sign !== " " && /^(Received|Took|Delivery id):/.test(l.text) })) },
    body("Payload", left, right),
    { title: "Header of the request", lines: diffFields(left.header, right.header) },
  ];
  return a && b ? [...parts, ...answered("Last answer", a, b)] : parts;
}

/** answers compares two answers to one delivery. @param {Detail} d @param {[number, number]} tries @returns {Part[]} */
function answers(d, tries) {
  const [a, b] = tries.map((n) => d.attempts.find((one) => one.n === n));
  if (!a || !b) return [];
  return [{ title: "Outcome", lines: diffFields(said(a), said(b)).map((l) => ({ ...l, volatile: l.sign !== " " && /^(Sent|Took):/.test(l.text) })) }, ...answered("Answer", a, b)];
}

/** @param {string} title @param {Attempt} a @param {Attempt} b @returns {Part[]} */
function answered(title, a, b) {
  return [body(title, a, b), { title: title + ", header", lines: diffFields(a.header ?? [], b.header ?? []) }];
}

/**
 * @param {string} title
 * @param {{body?: string, body_base64?: string, bytes?: number, truncated?: boolean}} a
 * @param {{body?: string, body_base64?: string, bytes?: number, truncated?: boolean}} b
 * @returns {Part}
 */
function body(title, a, b) {
  if (a.body_base64 !== undefined || b.body_base64 !== undefined) {
    const same = a.body_base64 === b.body_base64 && a.bytes === b.bytes;
    /** @param {{bytes?: number}} x @returns {[string, string][]} */
    const words = (x) => [["Bytes", String(x.bytes ?? 0)]];
    return { title, lines: diffFields(words(a), words(b)), note: same ? "They are no text, and the same as far as they are here." : "They are no text, and not the same." };
  }
  const { lines, note } = diffBodies(a.body ?? "", b.body ?? "");
  return { title, lines: a.body || b.body ? lines : [], note: note + (a.truncated || b.truncated ? " Only their beginnings are compared." : "") };
}

/** @param {Detail} d @returns {[string, string][]} */
function facts(d) {
  const last = d.attempts.at(-1);
  return [
    ["Event", oneLine(d.event) || "unrecognised"], ["Signature", verdictLabel(d.verdict) + (d.reason ? ": " + oneLine(d.reason) : "")], ["State", d.state],
    ["App", last ? answer(last) + (last.error ? ": " + oneLine(last.error) : "") : "not sent"], ["Took", last ? duration(last.duration_ms) : "–"], ["Attempts", String(d.attempt_count)],
    ["Payload", size(d.bytes)], ["Received", exact(new Date(d.time))], ["Delivery id", oneLine(d.delivery_id) || "–"],
  ];
}

/** @param {Attempt} a @returns {[string, string][]} */
function said(a) {
  return [["Answer", answer(a)], ["Error", oneLine(a.error ?? "") || "–"], ["Took", duration(a.duration_ms)], ["Size", size(a.bytes ?? 0)], ["Kind", a.kind], ["Sent", exact(new Date(a.time))]];
}
