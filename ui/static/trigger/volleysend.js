// @ts-check
// The trigger view's other side: the button, what becomes of it, the preview, the command, and the scenarios.

import { html, useState } from "../vendor/htm-preact.js";
import { layout } from "../common/json.js";
import { Light, copy } from "../common/pieces.js";
import { hexLines, oneLine, plural, size, visible } from "../common/text.js";
import { nowhere, text } from "../state/place.js";
import { announced, outcome } from "./wish.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("./wish.js").Form} Form */
/** @typedef {import("../types.js").VolleySample} VolleySample */
/** @typedef {import("../types.js").VolleyJob} VolleyJob */
/** @typedef {import("../types.js").Scenario} Scenario */

/**
 * @typedef {object} SendingProps
 * @property {Model} model
 * @property {Form} form
 * @property {VolleyJob | null} job
 * @property {VolleySample | undefined} sample
 * @property {string} wrong
 * @property {boolean} busy
 * @property {() => void} onSend
 * @property {(id: string) => void} onStop
 */

/** @param {SendingProps} props */
export function Sending({ model, form, job, sample, wrong, busy, onSend, onStop }) {
  const running = job?.state === "running";
  return html`
    <section class="sending" aria-label="Send">
      <div class="sending-bar">
        <button class="primary" disabled=${busy || running || wrong !== "" || model.connection !== "live"} title="Ctrl Enter" onClick=${onSend}>Send</button>
        <span class="announced">${sample && !wrong ? announced(form, sample.total) : ""}</span>
        ${running && html`<button onClick=${() => onStop(job.id)}>Stop</button>`}
      </div>
      ${wrong && html`<p class="wrong" role="alert">${visible(wrong[0].toUpperCase() + wrong.slice(1))}</p>`}
      <div class="result" role="status" data-job=${job?.id}>${job && html`<${Outcome} job=${job} />`}</div>
    </section>`;
}

/** Outcome is how far a volley has come, or what came of it. @param {{job: VolleyJob}} props */
function Outcome({ job }) {
  const { tone, words } = outcome(job);
  const done = job.sent + job.dropped;
  const ended = job.state === "done" || job.state === "stopped";
  return html`
    ${job.state === "running" && html`<${Bar} done=${done} total=${job.total} />`}
    <p><${Light} tone=${tone} words=${html`<span>${job.scenario && html`<b>${oneLine(job.scenario)}</b> `}${words}${
      job.search && html` <a class="show-them" href=${text({ ...nowhere, q: job.search, open: job.first.length === 1 ? job.first[0] : "" })}>${job.first.length === 1 ? "Show it" : "Show them"}</a>`}${
      ended && !job.search && job.sent > 0 && html` <small>Nothing of it was recorded.</small>`}</span>`} /></p>`;
}

/** @param {{done: number, total: number}} props */
function Bar({ done, total }) {
  const part = total > 0 ? Math.min(100, (100 * done) / total) : 0;
  return html`<div class="progress" role="progressbar" aria-label="Sent" aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${done}><i style=${{ width: part + "%" }} /></div>`;
}

/** Preview shows the very bytes of a request. @param {{model: Model, sample: VolleySample, n: number, old: boolean, wrong: boolean, late: boolean, onStep: (n: number) => void}} props */
export function Preview({ model, sample, n, old, wrong, late, onStep }) {
  const [laidOut, setLaidOut] = useState(false);
  const body = sample.body ?? "";
  const pretty = laidOut && sample.body_base64 === undefined && !sample.truncated ? layout(body) : null;
  const whole = pretty !== null && pretty.error === "" && !pretty.cut;
  return html`
    <section class=${"preview" + (old ? " old" : "")} aria-label="Preview" aria-busy=${old && !wrong}>
      <header><h3>What is sent <small>${sample.bytes.toLocaleString() + " bytes"}</small></h3>
        <span class="actions">
          ${sample.total > 1 && html`<span class="stepper">
            <button class="quiet" aria-label="The request before" disabled=${n === 0} onClick=${() => onStep(n - 1)}>‹</button>
            <span>${(n + 1).toLocaleString()} of ${sample.total.toLocaleString()}</span>
            <button class="quiet" aria-label="The next request" disabled=${n >= sample.total - 1} onClick=${() => onStep(n + 1)}>›</button></span>`}
          <button class="quiet" aria-pressed=${laidOut} onClick=${() => setLaidOut(!laidOut)}>laid out</button>
          ${sample.body !== undefined && !sample.truncated && html`<button class="quiet" onClick=${() => copy(model, body)}>copy</button>`}
        </span></header>
      ${wrong && html`<p class="note">This is from before the mistake above.</p>`}
      ${sample.dropped && html`<p class="note">This one is left out.</p>`}
      ${sample.tamper && html`<p class="note">Broken on purpose: ${oneLine(sample.tamper)}.</p>`}
      ${late && html`<p class="note">Its times are those of now; they will be those of the moment it is sent.</p>`}
      ${sample.bytes === 0 ? html`<p class="empty-body">The body is empty.</p>`
      : sample.body_base64 !== undefined ? html`<pre tabindex="0" class="payload">${hexLines(Uint8Array.from(atob(sample.body_base64), (c) => c.charCodeAt(0)))}</pre>`
      : whole ? html`<pre tabindex="0" class="payload">${pretty.spans.map(({ kind, text }) => (kind ? html`<span class=${"json-" + kind}>${visible(text)}</span>` : text))}</pre>`
      : html`<pre tabindex="0" class="payload">${visible(body.slice(0, 20_000))}${(sample.truncated || body.length > 20_000) && html`<span class="cut">\n… and so on, ${size(sample.bytes)} in all.</span>`}</pre>`}
      <details class="headers"><summary>${plural(sample.header.length, "header", "headers")}, signed when it is sent</summary>
        <table class="fields"><tbody>${sample.header.map(([name, value]) => html`<tr><th scope="row">${oneLine(name)}</th><td>${oneLine(value)}</td></tr>`)}</tbody></table>
      </details>
    </section>`;
}

/** Command is the same on the command line. @param {{model: Model, command: string, forwardTo: string, old: boolean}} props */
export function Command({ model, command, forwardTo, old }) {
  return html`
    <section class=${"command" + (old ? " old" : "")} aria-label="The same on the command line">
      <header><h3>The same on the command line</h3><span class="actions"><button class="quiet" onClick=${() => copy(model, command)}>copy</button></span></header>
      <pre tabindex="0">${command.split(/ (?='?--)/).map((word, i) => html`${i > 0 && " "}<span>${visible(word)}</span>`)}</pre>
      <p class="hint">For sh, bash and zsh. It goes straight to ${forwardTo ? html`your app at <code>${oneLine(forwardTo)}</code>` : "the app that it is given, http://localhost:3000 if none is"}, and what your handler answers decides its exit code.</p>
    </section>`;
}

/** Scenarios are courses of events. @param {{list: Scenario[], job: VolleyJob | null, busy: boolean, onPlay: (name: string) => void}} props */
export function Scenarios({ list, job, busy, onPlay }) {
  if (list.length === 0) return null;
  const running = job?.state === "running";
  return html`
    <section class="scenarios" aria-label="Scenarios">
      <header><h3>Scenarios <small>courses of events</small></h3></header>
      ${list.map((s) => html`<${Course} key=${s.name} s=${s} job=${job?.scenario === s.name ? job : null} stopped=${busy || running} onPlay=${() => onPlay(s.name)} />`)}
    </section>`;
}

/** @param {{s: Scenario, job: VolleyJob | null, stopped: boolean, onPlay: () => void}} props */
function Course({ s, job, stopped, onPlay }) {
  return html`
    <div class="course">
      <div class="course-head"><h4>${oneLine(s.name)}</h4> <p>${oneLine(s.about)} <small>${plural(s.requests, "request", "requests")}</small></p>
        <button disabled=${stopped} aria-label=${"Play " + oneLine(s.name)} onClick=${onPlay}>Play</button></div>
      <ol>${s.steps.map((step) => {
        const so = job?.steps.find((x) => x.name === step.name);
        const all = so !== undefined && so.sent === so.total;
        const tone = !so || so.sent === 0 ? "quiet" : so.unexpected > 0 ? "bad" : all ? "ok" : "warn";
        return html`<li><${Light} tone=${tone} words=${html`<span><b>${oneLine(step.name)}</b> ${oneLine(step.about)}</span>`} />
          <span class="step-result">${so && so.sent > 0 ? (all ? "" : so.sent + " of " + so.total + ": ") + Object.entries(so.statuses).map(([status, n]) => (n > 1 ? n + " × " : "") + (status === "0" ? "no answer" : oneLine(status))).join(", ") : ""}</span></li>`;
      })}</ol>
    </div>`;
}
