// @ts-check
// The mock that runs inside: what it was asked, what it has delivered, and what it will try again.

import { html, useState } from "../vendor/htm-preact.js";
import { Light, copy } from "../common/pieces.js";
import { answer, answerTone, clock, duration, exact, kindOf, oneLine, plural } from "../common/text.js";
import { quote } from "../common/words.js";
import { nowhere, text } from "../state/place.js";
import { useReading } from "../state/reading.js";
import { call, message } from "../state/session.js";
import { Journal } from "./journal.js";
import { nextDue, useNow } from "./mocking.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").MockState} MockState */
/** @typedef {import("../types.js").MockDelivery} MockDelivery */
/** @typedef {import("../types.js").MockAttempt} MockAttempt */

/** @param {{model: Model}} props */
export default function Mock({ model }) {
  const { data, trouble, again } = useReading(model, "/api/mock", { pause: 500, tick: 1_000 });
  /** @type {MockState | null} */
  const s = data;
  if (model.status && !model.status.mock) {
    return html`
      <div class="empty">
        <h3>No mock runs inside</h3>
        <p>It plays Pictify on this machine, renders real pictures and delivers signed webhooks: <code>pictap listen --mock</code>, or <code>pictap demo</code>.</p>
      </div>`;
  }
  return html`
    <div class="mock">
      ${trouble && html`<p class="trouble" role="status">The mock's state could not be read: ${trouble}</p>`}
      ${s && html`
        <${Head} model=${model} s=${s} />
        <div class="mock-columns">
          <div>
            <${Deliveries} model=${model} s=${s} again=${again} />
          </div>
          <div>
            <${Subscriptions} model=${model} s=${s} again=${again} />
            <${Journal} model=${model} />
          </div>
        </div>`}
    </div>`;
}

/** @param {{model: Model, s: MockState}} props */
function Head({ model, s }) {
  const q = s.queue;
  const due = q.waiting + q.active + q.delayed;
  return html`
    <section class="mock-head" aria-label="The mock">
      <dl class="facts">
        <div class="fact"><dt>API</dt><dd><span class="address">${oneLine(s.url)}</span>
          <button class="quiet" aria-label="Copy the mock's address" onClick=${() => copy(model, s.url)}>copy</button></dd></div>
        <div class="fact"><dt>Due</dt><dd><${Light} tone=${due > 0 ? "warn" : "quiet"} words=${due.toLocaleString()} /></dd></div>
        <div class="fact"><dt>Received</dt><dd><${Light} tone="ok" words=${q.completed.toLocaleString()} /></dd></div>
        <div class="fact"><dt>Given up</dt><dd><${Light} tone=${q.failed > 0 ? "bad" : "quiet"} words=${q.failed.toLocaleString()} /></dd></div>
        <div class="fact"><dt>Retries after</dt><dd>${s.waits.length > 0 ? s.waits.map(oneLine).join(", ") : "none"}${s.scale > 0 && s.scale !== 1 ? ", " + s.scale.toLocaleString() + " times as fast here" : ""}</dd></div>
        <div class="fact faults"><dt>Faults</dt><dd>${s.faults.length > 0
          ? s.faults.map((f) => html`<code>${oneLine(f)}</code>`)
          : html`none${" "}<small>(<code>pictap mock --fault</code> has some, and a request can ask for one: <code>X-Mock-Fault: hang</code>)</small>`}</dd></div>
      </dl>
    </section>`;
}

const states = /** @type {Record<string, [string, string]>} */ ({
  waiting: ["quiet", "in line"], active: ["warn", "being tried"], delayed: ["warn", "will be tried again"], failed: ["bad", "given up"], received: ["ok", "received"],
});

/** @param {{model: Model, s: MockState, again: () => void}} props */
function Deliveries({ model, s, again }) {
  return html`
    <section aria-label="The mock's deliveries">
      <h2>Deliveries <small>${plural(s.deliveries.length, "is remembered", "are remembered")}</small></h2>
      ${s.deliveries.length === 0 && html`<p class="hint">Nothing has been delivered yet. Render something, or send a test event.</p>`}
      <ol class="ladders">${s.deliveries.map((d) => html`<${Ladder} key=${d.id} model=${model} d=${d} again=${again} />`)}</ol>
    </section>`;
}

/** Ladder is one delivery: the attempts that were made, when the next is due, and what remains. @param {{model: Model, d: MockDelivery, again: () => void}} props */
function Ladder({ model, d, again }) {
  const [busy, setBusy] = useState(false);
  const [tone, words] = states[d.state] ?? ["quiet", oneLine(d.state)];
  const attempt = async () => {
    setBusy(true);
    try {
      await call("POST", "/api/mock/deliveries/" + encodeURIComponent(d.id) + "/attempt", {});
      model.say("The mock tries " + oneLine(d.id) + " now.", "ok");
    } catch (err) {
      model.say(oneLine(d.id) + ": " + message(err), "bad");
    }
    setBusy(false);
    again();
  };
  const shown = d.attempts.slice(-8);
  return html`
    <li class=${"ladder" + (d.attempts.length < 2 && !d.due ? " short" : "")}>
      <p class="ladder-title"><i class=${"kind " + kindOf(d.event)} aria-hidden="true" /><b>${oneLine(d.event)}</b> <a class="mono muted" href=${text({ ...nowhere, q: "delivery:" + quote(d.id) })} title="Find it among the deliveries">${oneLine(d.id)}</a>
        <${Light} tone=${tone} words=${words} />
        ${d.can_attempt && html`<button class="attempt-now" disabled=${busy || model.connection !== "live"} aria-label=${"attempt now: " + oneLine(d.id)} onClick=${attempt}>attempt now</button>`}</p>
      <ol class="rungs">
        ${d.made > shown.length && html`<li class="rung muted">${plural(d.made - shown.length, "earlier attempt", "earlier attempts")}</li>`}
        ${shown.map((a) => html`<${Rung} a=${a} />`)}
        ${d.due && html`<${Next} d=${d} />`}
        ${d.remaining.map((w) => html`<li class="rung left" title=${"If that fails too: another attempt " + w.said + " later" + (w.said && Math.abs(w.ms) > 0 ? ", here " + duration(w.ms) : "")}>+${oneLine(w.said)}</li>`)}
        ${d.due && html`<li class="rung left last">give up</li>`}
      </ol>
    </li>`;
}

/** @param {{a: MockAttempt}} props */
function Rung({ a }) {
  const at = new Date(a.time);
  const why = [exact(at), duration(a.duration_ms), oneLine(a.error), oneLine(a.answer).slice(0, 200)].filter(Boolean).join("\n");
  return html`<li class="rung made" title=${why}><span class="n">${a.n || "test"}</span> <b class=${"answer " + answerTone(/** @type {any} */ (a))}>${answer(/** @type {any} */ (a))}</b> <time datetime=${a.time}>${clock(at)}</time></li>`;
}

/** Next counts down to the next attempt. @param {{d: MockDelivery}} props */
function Next({ d }) {
  const now = useNow(d.state === "delayed" ? 250 : 0);
  return html`<li class="rung next" title=${exact(new Date(d.due ?? 0))}><span class="n">${d.made + 1}</span> ${d.state === "delayed" ? nextDue(Date.parse(d.due ?? "") - now) : d.state === "active" ? "now" : "in line"}</li>`;
}

/** @param {{model: Model, s: MockState, again: () => void}} props */
function Subscriptions({ model, s, again }) {
  /** @param {string} uid @param {string} event */
  const resume = async (uid, event) => {
    try {
      await call("POST", "/api/mock/subscriptions/" + encodeURIComponent(uid) + "/resume", {});
      model.say(oneLine(event) + " is active again.", "ok");
    } catch (err) {
      model.say(oneLine(event) + ": " + message(err), "bad");
    }
    again();
  };
  return html`
    <section aria-label="Subscriptions of the mock">
      <h2>Its subscriptions</h2>
      ${s.subscriptions.length === 0 ? html`<p class="hint">Nobody has subscribed.</p>` : html`
        <div class="scroll"><table class="grid">
          <thead><tr><th scope="col">Event</th><th scope="col">Status</th><th scope="col" class="number">deliveries</th><th scope="col" class="number">failures in a row</th><th scope="col">Target</th></tr></thead>
          <tbody>${s.subscriptions.map((sub) => html`<tr key=${sub.uid}>
            <th scope="row" title=${oneLine(sub.uid)}><i class=${"kind " + kindOf(sub.event)} aria-hidden="true" />${oneLine(sub.event)}</th>
            <td><${Light} tone=${{ active: "ok", failed: "bad" }[sub.status] ?? "warn"} words=${sub.status === "failed" ? "disabled" : oneLine(sub.status)} />
              ${sub.status !== "active" && html` <button disabled=${model.connection !== "live"} aria-label=${"Resume " + oneLine(sub.event)} onClick=${() => resume(sub.uid, sub.event)}>resume</button>`}</td>
            <td class="number">${sub.deliveries.toLocaleString()}</td>
            <td class="number">${sub.failures.toLocaleString()}</td>
            <td class="mono target" title=${oneLine(sub.url)}>${oneLine(sub.url)}</td>
          </tr>`)}</tbody>
        </table></div>`}
    </section>`;
}
