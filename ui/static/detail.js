// @ts-check
// Everything about one delivery. Whatever came from outside is text here: it is given to the document as text
// nodes, with what would hide or rearrange it spelled out.

import { Component, html } from "./vendor/htm-preact.js";
import { Actions } from "./actions.js";
import { Body } from "./body.js";
import { Refused, call, message, request } from "./session.js";
import { Light, copy } from "./strip.js";
import { ago, answer, answerTone, duration, exact, journey, kindOf, oneLine, outcome, plural, size, verdictSentence } from "./text.js";

/** @typedef {import("./types.js").Detail} DetailOf */
/** @typedef {import("./types.js").Summary} Summary */
/** @typedef {import("./types.js").Cause} Cause */
/** @typedef {import("./types.js").Attempt} Attempt */
/** @typedef {import("./model.js").Model} Model */

/**
 * @typedef {object} DetailProps
 * @property {Model} model
 * @property {Summary} d              the delivery as the list has it, always current
 * @property {() => void} onClose
 */

export class Detail extends Component {
  constructor() {
    super();
    /** @type {{full: DetailOf | null, trouble: string}} */
    this.state = { full: null, trouble: "" };
    this.asked = ""; // what was last fetched: delivery, revision and connection
    this.clock = 0;
  }

  componentDidMount() {
    this.clock = window.setInterval(() => this.setState({}), 10_000); // "12 s ago" grows old
    this.fetch();
  }

  componentDidUpdate() {
    this.fetch();
  }

  componentWillUnmount() {
    clearInterval(this.clock);
  }

  /**
   * fetch reads the delivery when it is another one, or has changed, or the connection is a new one. What is shown
   * meanwhile stays.
   */
  async fetch() {
    const { d, model } = /** @type {DetailProps} */ (this.props);
    const want = d.id + " " + d.rev + " " + model.hellos;
    if (this.asked === want || model.connection !== "live") return;
    this.asked = want;
    try {
      const full = await call("GET", "/api/deliveries/" + d.id);
      if (this.asked === want) this.setState({ full, trouble: "" });
    } catch (err) {
      if (this.asked !== want) return;
      const gone = err instanceof Refused && err.status === 404;
      this.setState({ trouble: gone ? "This delivery is no longer stored: newer ones have taken its place." : "It could not be read: " + message(err) });
    }
  }

  async download() {
    const { d, model } = /** @type {DetailProps} */ (this.props);
    try {
      const answer = await request("GET", "/api/deliveries/" + d.id + "/body");
      const name = /filename="([\w.-]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? d.id;
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
    const { d, model, onClose } = /** @type {DetailProps} */ (this.props);
    const full = this.state.full?.id === d.id ? this.state.full : null;
    const at = new Date(d.time);
    return html`
      <article class="detail" tabindex="-1" aria-label=${"Delivery " + d.id}>
        <header>
          <div class="title">
            <h2><i class=${"kind " + kindOf(d.event)} aria-hidden="true" />${oneLine(d.event) || "unrecognised"}</h2>
            <div class="actions">
              <button class="quiet close" aria-label="Close the detail" title="Close (esc)" onClick=${onClose}>✕</button>
            </div>
          </div>
          <p class="about">${oneLine(d.about)}</p>
          <p class="facts-line"><span class="mono">${d.id}</span> · <time datetime=${d.time} title=${exact(at)}>${exact(at)}</time> · ${ago(at, new Date())}</p>
          <${Actions} key=${d.id} model=${model} d=${d} />
        </header>
        <${Verdict} d=${d} cause=${full?.cause} forwardTo=${model.status?.forward_to ?? ""} />
        ${this.state.trouble && html`<p class="trouble" role="status">${this.state.trouble}</p>`}
        ${full ? html`
          <${Attempts} list=${full.attempts} count=${full.attempt_count} key=${"attempts " + d.id} />
          <${Body} key=${"body " + d.id} title="Payload" text=${full.body} base64=${full.body_base64} bytes=${full.bytes} truncated=${full.truncated}
            onCopy=${(/** @type {string} */ text) => copy(model, text)} onDownload=${() => this.download()} />
          <${Request} d=${full} />`
        : !this.state.trouble && html`<div class="loading" aria-busy="true" />`}
      </article>`;
  }
}

/** Reasons that say no more than the verdict's own sentence. */
const plainReasons = new Set(["no signature", "signature does not match", "no secret known to verify with"]);

/** @param {{d: Summary, cause?: Cause, forwardTo: string}} props */
function Verdict({ d, cause, forwardTo }) {
  const bad = d.verdict !== "valid";
  return html`
    <section class="judgement" aria-label="Signature and outcome">
      <p class=${"sentence " + (bad ? "bad" : "ok")}>
        <${Light} tone=${bad ? "bad" : "ok"} words=${verdictSentence(d.verdict)} />
        ${d.reason && !plainReasons.has(d.reason) && html`<span class="reason">${sentence(oneLine(d.reason))}</span>`}
        ${cause && html`<span class="reason">${oneLine(cause.sentence)}</span>`}
        ${cause?.change && html`<span class="reason">Change: ${oneLine(cause.change)}</span>`}
      </p>
      <p class="sentence"><${Light} tone=${outcome(d).tone} words=${journey(d, forwardTo)} /></p>
      ${d.source === "local" && html`<p class="sentence"><${Light} tone="quiet" words="A test event: signed here with the local secret, not sent by Pictify." /></p>`}
      ${d.arrivals > 1 && html`<p class="sentence"><${Light} tone="quiet" words=${"The very same request came " + d.arrivals + " times; the app was given it once."} /></p>`}
    </section>`;
}

/** @param {{list: Attempt[], count: number}} props */
function Attempts({ list, count }) {
  if (list.length === 0) return null;
  const slowest = Math.max(...list.map((a) => a.duration_ms), 1);
  return html`
    <section aria-label="Attempts">
      <h3>Attempts ${count > list.length && html`<small>the last ${list.length} of ${count}</small>`}</h3>
      ${list.toReversed().map((a, i) => html`<${AttemptLine} key=${a.n} a=${a} slowest=${slowest} open=${i === 0 && answerTone(a) !== "ok"} />`)}
    </section>`;
}

/** @param {{a: Attempt, slowest: number, open: boolean}} props */
function AttemptLine({ a, slowest, open }) {
  const at = new Date(a.time);
  return html`
    <details class="attempt" open=${open}>
      <summary>
        <span class="n">${a.n}</span>
        <b class=${"answer " + answerTone(a)}>${answer(a)}</b>
        <span class="took">${duration(a.duration_ms)}</span>
        <span class="bar" aria-hidden="true"><i class=${answerTone(a)} style=${{ width: Math.max(1, (100 * a.duration_ms) / slowest) + "%" }} /></span>
        <span class="what">${a.kind === "replay" ? "replayed" : "forwarded"}</span>
        <time datetime=${a.time} title=${exact(at)}>${ago(at, new Date())}</time>
      </summary>
      <p class="mono request-line">POST ${oneLine(a.url)}</p>
      ${a.error && html`<p class="trouble">${sentence(oneLine(a.error))}</p>`}
      ${a.header && a.header.length > 0 && html`<${Fields} list=${a.header} label="Headers of the answer" />`}
      ${(a.bytes ?? 0) > 0 && html`<${Body} title="Answer" text=${a.body} base64=${a.body_base64} bytes=${a.bytes} truncated=${a.truncated} />`}
    </details>`;
}

/** @param {{d: DetailOf}} props */
function Request({ d }) {
  return html`
    <section aria-label="Request">
      <h3>Request <small>${plural(d.header.length, "header", "headers")} in the order received</small></h3>
      <p class="mono request-line">${oneLine(d.method)} ${oneLine(d.path)}</p>
      <${Fields} list=${d.header} label="Headers of the request" />
      <dl class="pairs">
        <dt>Body</dt><dd>${size(d.bytes)}</dd>
        <dt>Sender</dt><dd class="mono">${oneLine(d.remote) || "unknown"}</dd>
        ${d.delivery_id && html`<dt>Delivery id</dt><dd class="mono">${oneLine(d.delivery_id)}</dd>`}
        ${d.subscription && html`<dt>Subscription</dt><dd class="mono">${oneLine(d.subscription)}</dd>`}
      </dl>
    </section>`;
}

/** @param {{list: [string, string][], label: string}} props */
function Fields({ list, label }) {
  return html`
    <table class="fields" aria-label=${label}>
      <tbody>${list.map(([name, value]) => html`<tr><th scope="row">${oneLine(name)}</th><td>${oneLine(value)}</td></tr>`)}</tbody>
    </table>`;
}

/** sentence gives words from a log the look of a sentence. @param {string} s */
function sentence(s) {
  return s.charAt(0).toUpperCase() + s.slice(1) + (/[.!?…]$/.test(s) ? "" : ".");
}
