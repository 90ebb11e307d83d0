// @ts-check
// Everything about one delivery. Whatever came from outside is text here: it is given to the document as text
// nodes, with what would hide or rearrange it spelled out.

import { Component, html } from "../vendor/htm-preact.js";
import { bind } from "../common/keys.js";
import { Lazy } from "../common/lazy.js";
import { Light, copy } from "../common/pieces.js";
import { ago, answer, exact, journey, kindOf, oneLine, outcome, plural, sentence, size, verdictLabel, verdictSentence } from "../common/text.js";
import { quoted } from "../common/words.js";
import { nowhere, text as placeText } from "../state/place.js";
import { Refused, call, message, request } from "../state/session.js";
import { Actions } from "./actions.js";
import { Attempts, Outlook } from "./attempts.js";
import { Body } from "./body.js";
import { Fields, fieldLines } from "./fields.js";
import { SignatureParts } from "./signature.js";

/** @typedef {import("../types.js").Detail} DetailOf */
/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Cause} Cause */
/** @typedef {import("../state/model.js").Model} Model */

/**
 * @typedef {object} DetailProps
 * @property {Model} model
 * @property {number} seq
 * @property {Summary=} d             the delivery as the list has it; left out when it has not
 */

/** The pictures come when somebody opens a delivery that has some. @type {import("../common/lazy.js").Part} */
const pictures = { load: () => import("./picture.js"), style: "delivery/picture.css" };

/** press clicks what is open has of a button, or puts the keyboard into its box. @param {string} selector */
function press(selector) {
  for (const e of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".detail " + selector))) {
    if (e.localName === "input") requestAnimationFrame(() => e.focus()); // else the letter that was pressed goes into it
    else e.click();
  }
}

/** @param {Model} model */
const isOpen = (model) => model.place.view === "" && model.opened > 0 && !model.place.pane;
bind(
  { keys: ["f"], words: "find something in its payload", group: "The open delivery", when: isOpen, run: () => press("[aria-label=Payload] .find") },
  { keys: ["v"], words: "fetch its pictures and show them", group: "The open delivery", when: isOpen, run: () => press(".pictures > .picture-offer button, .detail .tile:not([aria-expanded])") },
);

export default class Detail extends Component {
  constructor() {
    super();
    /** @type {{full: DetailOf | null, trouble: string}} */
    this.state = { full: null, trouble: "" };
    this.asked = ""; // what was last fetched: delivery, revision and connection
    this.clock = 0;
    /** @type {HTMLElement | null} */
    this.element = null;
  }

  /** @returns {DetailProps} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  componentDidMount() {
    this.clock = window.setInterval(() => this.setState({}), 10_000); // "12 s ago" grows old
    this.fetch();
  }

  componentWillUnmount() {
    clearInterval(this.clock);
  }

  /** getSnapshotBeforeUpdate notes what is at the top of the view, and where. */
  getSnapshotBeforeUpdate() {
    const { element } = this;
    if (!element || element.scrollTop === 0) return null;
    const top = element.getBoundingClientRect().top;
    const section = [...element.querySelectorAll(":scope > section")].find((s) => s.getBoundingClientRect().bottom > top + 60);
    return section ? { section, y: section.getBoundingClientRect().top } : null;
  }

  /**
   * componentDidUpdate keeps what is read where it was, when something has come above it.
   * @param {DetailProps} before @param {unknown} _ @param {{section: Element, y: number} | null} held
   */
  componentDidUpdate(before, _, held) {
    const { element } = this;
    if (element && before.seq !== this.own.seq) element.scrollTop = 0;
    else if (element && held?.section.isConnected) element.scrollTop += held.section.getBoundingClientRect().top - held.y;
    this.fetch();
  }

  /** summary is the delivery as it is known now: from the list, or from live changes, or as it was read. */
  summary() {
    const { d, seq, model } = this.own;
    const known = [d, model.aside, this.state.full].filter((x) => x?.seq === seq);
    return known.reduce((best, x) => (x && x.rev > (best?.rev ?? -1) ? x : best), undefined) ?? undefined;
  }

  /**
   * fetch reads the delivery when it is another one, or has changed, or the connection is a new one. What is shown
   * meanwhile stays.
   */
  async fetch() {
    const { seq, model } = this.own;
    const { hellos } = model;
    const want = seq + " " + (this.summary()?.rev ?? 0) + " " + hellos;
    if (this.asked === want || model.connection !== "live") return;
    this.asked = want;
    try {
      const full = await call("GET", "/api/deliveries/d" + seq);
      if (this.asked !== want) return;
      this.asked = seq + " " + full.rev + " " + hellos; // it may be newer than what the list had
      this.setState({ full, trouble: "" });
    } catch (err) {
      if (this.asked !== want) return;
      const gone = err instanceof Refused && err.status === 404;
      this.setState({ trouble: gone ? "This delivery is no longer stored: newer ones have taken its place, or it was removed." : "It could not be read: " + message(err) });
    }
  }

  async download() {
    const { seq, model } = this.own;
    try {
      const answer = await request("GET", "/api/deliveries/d" + seq + "/body");
      const name = /filename="([\w.-]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "d" + seq;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = name;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (err) {
      model.say("Could not download it: " + message(err), "bad");
    }
  }

  render() {
    const { seq, model } = this.own;
    const full = this.state.full?.seq === seq ? this.state.full : null;
    const d = this.summary();
    /** @param {string} text */
    const onCopy = (text) => copy(model, text);
    return html`
      <article class="detail" tabindex="-1" aria-label=${"Delivery d" + seq} ref=${(/** @type {HTMLElement} */ e) => (this.element = e)}>
        ${this.header(d)}
        ${d && html`<${Verdict} d=${d} full=${full} forwardTo=${model.status?.forward_to ?? ""} model=${model} />`}
        ${this.state.trouble && html`<p class="trouble" role="status">${this.state.trouble}</p>`}
        ${full ? html`
          <${Attempts} key=${"attempts " + seq} d=${full} onCopy=${onCopy} />
          ${full.pictures && html`<${Lazy} key=${"pictures " + seq} part=${pictures} model=${model} d=${full} />`}
          <${Body} key=${"body " + seq} title="Payload" text=${full.body} base64=${full.body_base64} bytes=${full.bytes} truncated=${full.truncated}
            onCopy=${onCopy} onDownload=${() => this.download()} onSearch=${(/** @type {string} */ q) => model.go({ q, view: "" })} />
          <${SignatureParts} key=${"signature " + seq} d=${full} onCopy=${onCopy} />
          <${Request} key=${"request " + seq} d=${full} onCopy=${onCopy} />`
        : !this.state.trouble && html`<div class="loading" aria-busy="true" />`}
      </article>`;
  }

  /** header says which delivery it is. @param {Summary | undefined} d */
  header(d) {
    const { seq, model } = this.own;
    const at = d && new Date(d.time);
    return html`
      <header>
        <div class="title">
          <h2>${d ? html`<i class=${"kind " + kindOf(d.event)} aria-hidden="true" />${oneLine(d.event) || "unrecognised"}` : "Delivery d" + seq}</h2>
          <div class="actions">
            <button class="quiet close" aria-label="Close the detail" title="Close (esc)" onClick=${() => model.close()}>✕</button>
          </div>
        </div>
        <p class="about">${d && oneLine(d.about)}</p>
        <p class="facts-line"><span class="mono">d${seq}</span>${d && at && html` · <time datetime=${d.time} title=${exact(at)}>${exact(at)}</time> · ${ago(at, new Date())} · ${d.source === "local" ? "test event" : "from Pictify"}`}${" · "}<button class="quiet inline" onClick=${() => copy(model, address(seq))} title="Copy the address of this page with this delivery open">copy link</button></p>
        ${d && html`<${Actions} key=${d.id} model=${model} d=${d} />`}
      </header>`;
  }
}

/** address leads to this page with a delivery open. @param {number} seq */
function address(seq) {
  return location.origin + location.pathname + placeText({ ...nowhere, open: "d" + seq });
}

/** Reasons that say no more than the verdict's own sentence. */
const plainReasons = new Set(["no signature", "signature does not match", "no secret known to verify with"]);

/** @param {{d: Summary, full: DetailOf | null, forwardTo: string, model: Model}} props */
function Verdict({ d, full, forwardTo, model }) {
  const bad = d.verdict !== "valid";
  const cause = full?.cause;
  return html`
    <section class="judgement" aria-label="Signature and outcome">
      <p class=${"sentence " + (bad ? "bad" : "ok")}>
        <${Light} tone=${bad ? "bad" : "ok"} words=${verdictSentence(d.verdict)} />
        ${d.reason && !plainReasons.has(d.reason) && html`<span class="reason">${sentence(oneLine(d.reason))}</span>`}
        ${cause && html`<span class="reason">${oneLine(cause.sentence)}</span>`}
        ${cause?.change && html`<span class="reason">Change: ${oneLine(cause.change)}</span>`}
      </p>
      <p class="sentence"><${Light} tone=${outcome(d).tone} words=${journey(d, forwardTo)} /></p>
      ${full?.production && html`<${Outlook} p=${full.production} />`}
      ${d.source === "local" && html`<p class="sentence"><${Light} tone="quiet" words="A test event: signed here with the local secret, not sent by Pictify." /></p>`}
      ${d.arrivals > 1 && html`<p class="sentence"><${Light} tone="quiet" words=${"It came " + d.arrivals + " times, the same to the letter; the app was given it once."} /></p>`}
      ${full?.siblings && html`<${Siblings} d=${full} model=${model} />`}
    </section>`;
}

/** @param {{d: DetailOf, model: Model}} props */
function Siblings({ d, model }) {
  const list = d.siblings ?? [];
  const shown = list.slice(0, 8);
  return html`
    <p class="sentence siblings"><span class="light quiet"><i aria-hidden="true" />The same delivery id also came as</span>
      ${shown.map((s) => html` <button class="chip" key=${s.id} title=${exact(new Date(s.time)) + ", " + verdictLabel(s.verdict) + (s.event === d.event ? "" : ", " + (oneLine(s.event) || "unrecognised"))}
        onClick=${() => model.open(s.seq)}>${oneLine(s.id)} <small class=${s.verdict === "valid" ? "" : "bad-text"}>${s.verdict !== "valid" ? verdictLabel(s.verdict) : s.status ? answer(/** @type {any} */ (s)) : "no answer"}</small></button>`)}
      ${(list.length > shown.length || d.more_siblings) && html` <button class="quiet" onClick=${() => model.go({ view: "", q: "delivery:" + quoted(d.delivery_id) })}>see all</button>`}
      <small> The id is not signed, so it proves nothing by itself.</small>
    </p>`;
}

/** @param {{d: DetailOf, onCopy: (text: string) => void}} props */
function Request({ d, onCopy }) {
  return html`
    <section aria-label="Request">
      <h3>Request <small>${plural(d.header.length, "header", "headers")} in the order received</small>
        <span class="actions"><button class="quiet" onClick=${() => onCopy(fieldLines(d.header))}>copy headers</button></span>
      </h3>
      <p class="mono request-line">${oneLine(d.method)} ${oneLine(d.path)}</p>
      <${Fields} list=${d.header} label="Headers of the request" onCopy=${onCopy} />
      <dl class="pairs">
        <dt>Body</dt><dd>${size(d.bytes)}</dd>
        <dt>Sender</dt><dd class="mono">${oneLine(d.remote) || "unknown"}</dd>
        ${d.delivery_id && html`<dt>Delivery id</dt><dd class="mono">${oneLine(d.delivery_id)}</dd>`}
        ${d.subscription && html`<dt>Subscription</dt><dd class="mono">${oneLine(d.subscription)}</dd>`}
      </dl>
    </section>`;
}
