// @ts-check
// The overview: how deliveries came in over time, which types the app has seen, what waits, and who calls us.

import { html, useState } from "../vendor/htm-preact.js";
import { Light, drain } from "../common/pieces.js";
import { ago, answer, answerTone, exact, kindOf, oneLine, plural } from "../common/text.js";
import { quote } from "../common/words.js";
import { nowhere, text } from "../state/place.js";
import { useClock, useReading } from "../state/reading.js";
import { call, message } from "../state/session.js";
import { About } from "./about.js";
import { Chart } from "./chart.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").CoveredType} CoveredType */
/** @typedef {import("../types.js").Sight} Sight */
/** @typedef {import("../types.js").Hold} HoldOf */
/** @typedef {import("../types.js").SubscriptionLine} SubscriptionLine */
/** @typedef {import("../types.js").Status} Status */

/** @param {{model: Model}} props */
export default function Overview({ model }) {
  return html`
    <div class="overview">
      <div>
        <${Chart} model=${model} />
        <${Subscriptions} model=${model} />
      </div>
      <div>
        <${Coverage} model=${model} />
        <${Hold} model=${model} />
        <${About} model=${model} />
      </div>
    </div>`;
}

/** search is the address of the deliveries that a search finds. @param {string} q */
function search(q) {
  return text({ ...nowhere, q });
}

/** Reached is when something came last, and leads there. @param {{sight?: Sight}} props */
function Reached({ sight }) {
  if (!sight) return html`<span class="muted">–</span>`;
  const at = new Date(sight.time);
  return html`<a class="when" href=${text({ ...nowhere, open: sight.id })} title=${sight.id + ", " + exact(at)}><time datetime=${sight.time}>${ago(at, new Date())}</time></a>`;
}

/** Answered is what the app said last. @param {{sight?: Sight}} props */
function Answered({ sight }) {
  if (!sight || !sight.status) return html`<span class="muted">–</span>`;
  const a = /** @type {any} */ (sight);
  return html`<a href=${text({ ...nowhere, open: sight.id })} title=${"The app's answer to " + sight.id}><b class=${"answer " + answerTone(a)}>${answer(a)}</b></a>`;
}

/**
 * seen tells whether the app has taken a type, or, where there is no app, whether one came that verified.
 * @param {CoveredType} t
 * @param {boolean} withApp
 */
function seen(t, withApp) {
  return t.taken > 0 || (!withApp && t.recorded + t.unanswered + t.refused > 0);
}

/** @param {{model: Model}} props */
function Coverage({ model }) {
  const { data, trouble, again } = useReading(model, "/api/coverage");
  const [firing, setFiring] = useState(false);
  useClock(15_000);
  /** @type {CoveredType[]} */
  const types = data?.types ?? [];
  const withApp = !!model.status?.forward_to;
  const known = types.filter((t) => t.known);
  const missing = known.filter((t) => !seen(t, withApp));
  const sendable = missing.filter((t) => t.can_send);

  /** @param {CoveredType[]} list */
  const fire = async (list) => {
    setFiring(true);
    /** @type {string[]} */
    const failed = [];
    let why = "";
    for (const t of list) {
      try {
        await call("POST", "/api/trigger", { event: t.event });
      } catch (err) {
        failed.push(t.event);
        why = message(err);
      }
    }
    setFiring(false);
    again();
    const sent = list.length - failed.length;
    if (failed.length > 0) model.say("Could not send " + failed.join(", ") + ": " + why, "bad");
    else model.say("Sent " + (sent === 1 ? list[0].event : plural(sent, "test event", "test events")) + ".", "ok");
  };

  return html`
    <section aria-label="Coverage">
      <header>
        <h2>Coverage</h2>
        ${sendable.length > 0 && html`<button disabled=${firing || model.connection !== "live"} onClick=${() => fire(sendable)}
          title=${"Sends a signed test event of " + sendable.map((t) => t.event).join(", ")}>${firing ? "Sending…" : "Fire the rest"}</button>`}
      </header>
      ${trouble && html`<p class="trouble" role="status">It could not be read: ${trouble}</p>`}
      ${data && html`
        <p class="lead"><b>${known.length - missing.length} of ${known.length}</b> types ${withApp ? "seen by your handler" : "have arrived and verified"}</p>
        <div class="scroll"><table class="grid coverage">
          <thead><tr><th scope="col">Type</th><th scope="col" class="number">came</th><th scope="col" class="number">verified</th>
            ${withApp && html`<th scope="col" class="number">taken</th><th scope="col">answer</th>`}<th scope="col">last</th><th scope="col"><span class="unseen-text">Send</span></th></tr></thead>
          <tbody>${types.map((t) => {
            const verified = t.taken + t.refused + t.unanswered + t.recorded;
            const ok = seen(t, withApp);
            return html`<tr key=${t.event}>
              <th scope="row"><a href=${search("event:" + quote(t.event))} title=${"List the deliveries of " + oneLine(t.event)}>
                <${Light} tone=${ok ? "ok" : t.last ? "warn" : "quiet"} words=${oneLine(t.event)} /></a></th>
              <td class="number">${(verified + t.unverified).toLocaleString()}</td>
              <td class="number">${verified.toLocaleString()}</td>
              ${withApp && html`<td class="number">${t.taken.toLocaleString()}</td><td><${Answered} sight=${t.answered} /></td>`}
              <td><${Reached} sight=${t.last} /></td>
              <td class="number">${t.can_send && !ok && html`<button class="quiet" disabled=${firing || model.connection !== "live"} aria-label=${"Send " + t.event}
                title=${"Send a signed test event of " + t.event} onClick=${() => fire([t])}>send</button>`}</td>
            </tr>`;
          })}</tbody>
        </table></div>
        <p class="hint">${withApp
          ? "A type is seen when your app has answered 2xx to at least one verified delivery of it that is still stored. Test events count."
          : "There is no app to hand deliveries to, so a type counts when one of it came with a valid signature. Test events count."}</p>`}
    </section>`;
}

/** @param {{model: Model}} props */
function Hold({ model }) {
  const s = model.status;
  const { data, trouble, again } = useReading(model, "/api/hold", { key: (s?.app ?? "") + (s?.held ?? ""), pause: 1_000 });
  const [busy, setBusy] = useState(false);
  useClock(10_000);
  /** @type {HoldOf | null} */
  const hold = data;
  if (!s || (!s.forward_to && !hold?.waiting)) return null;
  const press = async () => {
    setBusy(true);
    await drain(model);
    setBusy(false);
    again();
  };
  const oldest = hold?.deliveries[0];
  return html`
    <section aria-label="Waiting for the app">
      <header>
        <h2>Waiting for the app</h2>
        ${s.can_drain && (hold?.waiting ?? 0) > 0 && html`<button disabled=${busy || model.connection !== "live"} onClick=${press}
          title="Look for the app now, and hand over what waits if it is there">${busy ? "Looking…" : "Drain now"}</button>`}
      </header>
      ${trouble && html`<p class="trouble" role="status">It could not be read: ${trouble}</p>`}
      ${hold && html`
        <p class="lead">${hold.waiting === 0 || !oldest
          ? "Nothing waits. What comes while the app is down waits here, and goes out in order when it is back."
          : html`<b>${plural(hold.waiting, "delivery waits", "deliveries wait")}</b>, the first ${lastingFor(new Date(oldest.time))}.`}
          ${" "}${appState(s)}</p>
        ${hold.deliveries.length > 0 && html`
          <table class="grid">
            <thead><tr><th scope="col">Delivery</th><th scope="col">About</th><th scope="col">last try</th><th scope="col">came</th></tr></thead>
            <tbody>${hold.deliveries.map((d) => {
              const last = d.attempts.at(-1);
              return html`<tr key=${d.seq}>
                <th scope="row"><a href=${text({ ...nowhere, open: d.id })} title=${d.id}><i class=${"kind " + kindOf(d.event)} aria-hidden="true" />${oneLine(d.event) || d.id}</a></th>
                <td class="wrap muted-text">${oneLine(d.about)}</td>
                <td class="wrap">${last ? oneLine(last.error ?? "") || answer(last) : html`<span class="muted">none yet</span>`}</td>
                <td class="when">${ago(new Date(d.time), new Date())}</td>
              </tr>`;
            })}</tbody>
          </table>
          ${hold.waiting > hold.deliveries.length && html`<p class="hint"><a href=${search("state:waiting")}>All ${hold.waiting.toLocaleString()} that wait</a></p>`}`}`}
    </section>`;
}

/** lastingFor says for how long something has been so. @param {Date} since */
function lastingFor(since) {
  return ago(since, new Date()).replace(/^just now$/, "since just now").replace(/^(.*) ago$/, "for $1");
}

/** appState says what is known of the app. @param {Status} s */
function appState(s) {
  const since = s.app_since ? " " + lastingFor(new Date(s.app_since)) : "";
  if (s.app === "answering") return "The app answers.";
  if (s.app === "down") return "The app at " + oneLine(s.forward_to) + " cannot be reached" + since + (s.app_reason ? ": " + oneLine(s.app_reason) : "") + ".";
  return "";
}

/** @param {{model: Model}} props */
function Subscriptions({ model }) {
  const s = model.status;
  const { data, trouble, again } = useReading(model, "/api/subscriptions", { key: JSON.stringify(s?.subscriptions ?? []) });
  const [busy, setBusy] = useState("");
  useClock(15_000);
  /** @type {SubscriptionLine[]} */
  const list = data?.subscriptions ?? [];
  /** @param {SubscriptionLine} sub */
  const toggle = async (sub) => {
    const how = sub.status === "active" ? "pause" : "resume";
    setBusy(sub.uid);
    try {
      const now = await call("POST", "/api/subscriptions/" + encodeURIComponent(sub.uid) + "/" + how, {});
      model.say(sub.event + " is " + now.status + (now.status === "paused" ? ": nothing of it is sent until it is resumed." : "."), "ok");
    } catch (err) {
      model.say(sub.event + ": " + message(err), "bad");
    }
    setBusy("");
    again();
  };
  return html`
    <section aria-label="Subscriptions">
      <h2>Subscriptions</h2>
      ${trouble && html`<p class="trouble" role="status">They could not be read: ${trouble}</p>`}
      ${data && s && list.length === 0 && html`<${NoSubscriptions} s=${s} />`}
      ${list.length > 0 && html`
        <div class="scroll"><table class="grid">
          <thead><tr><th scope="col">Event</th><th scope="col">Status</th><th scope="col">last</th><th scope="col" class="number">came</th><th scope="col" class="spare">Subscription</th><th scope="col" class="spare">Address</th>
            ${s?.can_pause && html`<th scope="col"><span class="unseen-text">Change</span></th>`}</tr></thead>
          <tbody>${list.map((sub) => html`<tr key=${sub.uid}>
            <th scope="row"><i class=${"kind " + kindOf(sub.event)} aria-hidden="true" />${oneLine(sub.event)}</th>
            <td><${Light} tone=${sub.status === "active" ? "ok" : "warn"} words=${oneLine(sub.status)} />${sub.note && html` <span class="sub-note" title=${oneLine(sub.note)}>${oneLine(sub.note)}</span>`}</td>
            <td><${Reached} sight=${sub.last} /></td>
            <td class="number">${(sub.taken + sub.refused + sub.unanswered + sub.recorded + sub.unverified).toLocaleString()}</td>
            <td class="mono spare">${oneLine(sub.uid)}</td>
            <td class="mono spare fill" title=${oneLine(sub.url)}>${oneLine(sub.url)}</td>
            ${s?.can_pause && html`<td class="number"><button disabled=${busy === sub.uid || model.connection !== "live"} aria-label=${(sub.status === "active" ? "Pause " : "Resume ") + oneLine(sub.event)}
              onClick=${() => toggle(sub)}>${busy === sub.uid ? "…" : sub.status === "active" ? "pause" : "resume"}</button></td>`}
          </tr>`)}</tbody>
        </table></div>
        <p class="hint">These are the ones that this pictap registered. Nobody else's are ever changed. Those of a paused one that happen meanwhile are not kept for later.</p>`}
    </section>`;
}

/** NoSubscriptions says why there are none, and what to do. @param {{s: Status}} props */
function NoSubscriptions({ s }) {
  if (s.mode === "local") {
    return html`
      <p class="lead">Nothing is registered: without a tunnel Pictify cannot reach this machine.</p>
      <p class="hint">Open one with <code>pictap listen</code> without <code>--tunnel none</code>, or play Pictify here with <code>pictap listen --mock</code>.
        Test events come in all the same.</p>`;
  }
  return html`
    <p class="lead">Nothing is registered with Pictify.</p>
    <p class="hint">With <code>--no-register</code> nothing is, and you create the subscriptions yourself. Otherwise the terminal says why the types were refused;
      <code>pictap doctor</code> looks at key and plan.</p>`;
}
