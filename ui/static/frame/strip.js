// @ts-check
// The strip at the top: whether this page is connected, where deliveries come in, where they go, and what is in the way.

import { Component, html } from "../vendor/htm-preact.js";
import { Light, copy, drain } from "../common/pieces.js";
import { clock, exact, oneLine, plural } from "../common/text.js";
import { Pulse } from "./pulse.js";

/** @typedef {import("../types.js").Status} Status */
/** @typedef {import("../types.js").SubscriptionStatus} SubscriptionStatus */
/** @typedef {import("../state/model.js").Model} Model */

export class Strip extends Component {
  constructor() {
    super();
    this.state = { open: false, draining: false };
  }

  /** @returns {{model: Model}} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  async drain() {
    this.setState({ draining: true });
    await drain(this.own.model);
    this.setState({ draining: false });
  }

  render() {
    const { model } = this.own;
    const s = model.status;
    return html`
      <header class=${"strip" + (model.connection === "live" ? "" : " old")}>
        <div class="brand">
          <h1 title=${s && "pictap " + oneLine(s.version)}>pictap</h1>
          ${s?.mode && html`<em class="tag">${modes[s.mode] ?? oneLine(s.mode)}</em>`}
        </div>
        <${ConnectionState} model=${model} />
        <${Pulse} model=${model} />
        ${s && html`
          <dl class="facts">
            <${Fact} name="In">
              ${s.public_url && html`
                <span class="address" title=${oneLine(s.public_url)}>${oneLine(s.public_url)}</span>
                <button class="quiet" aria-label="Copy the public URL" onClick=${() => copy(model, s.public_url)}>copy</button>`}
              <${Light} ...${tunnel(s)} />
            <//>
            <${Fact} name="Out">
              ${s.forward_to && html`<span class="address" title=${oneLine(s.forward_to)}>${oneLine(s.forward_to)}</span>`}
              <${Light} ...${app(s)} />
            <//>
            <${Fact} name="Waiting">
              <${Light} tone=${s.held > 0 ? "warn" : "quiet"} words=${s.held.toLocaleString()} />
              ${s.held > 0 && s.can_drain && html`<button class="quiet drain" disabled=${this.state.draining || model.connection !== "live"} onClick=${() => this.drain()}
                title="Look for the app now, and hand over what waits if it is there">drain now</button>`}
            <//>
            ${s.subscriptions.length > 0 && html`<${Fact} name="Subscriptions">
              <button class="quiet" aria-expanded=${this.state.open} aria-controls="subscriptions" onClick=${() => this.setState({ open: !this.state.open })}>
                <${Light} ...${activity(s.subscriptions)} />
              </button>
            <//>`}
          </dl>`}
      </header>
      ${s && this.state.open && html`<${Subscriptions} list=${s.subscriptions} />`}
      ${s && s.warnings.length > 0 && html`<section class="warnings" role="status" aria-label="Warnings">${s.warnings.map((w) => html`<p>${oneLine(w)}</p>`)}</section>`}`;
  }
}

/** @param {{model: Model}} props */
function ConnectionState({ model }) {
  const since = clock(model.lastLive);
  const [tone, words] = {
    connecting: ["quiet", "connecting"],
    live: ["ok", "live"],
    lost: ["bad", "not connected since " + since + ", trying again"],
    locked: ["bad", "locked"],
  }[model.connection];
  return html`<p class=${"connection " + model.connection} role="status"><${Light} tone=${tone} words=${words} /></p>`;
}

/** @param {{name: string, children: any}} props */
function Fact({ name, children }) {
  return html`<div class="fact"><dt>${name}</dt><dd>${children}</dd></div>`;
}

/** @param {{list: SubscriptionStatus[]}} props */
function Subscriptions({ list }) {
  return html`
    <section class="subscriptions" id="subscriptions" aria-label="Subscriptions">
      <table>
        <thead><tr><th scope="col">Event</th><th scope="col">Status</th><th scope="col" class="uid">Subscription</th><th scope="col">Address</th></tr></thead>
        <tbody>${list.map((s) => html`
          <tr>
            <td>${oneLine(s.event)}</td>
            <td><${Light} tone=${s.status === "active" ? "ok" : "warn"} words=${oneLine(s.status)} />${s.note && html`<span class="note"> ${oneLine(s.note)}</span>`}</td>
            <td class="mono uid">${oneLine(s.uid)}</td>
            <td class="mono">${oneLine(s.url)}</td>
          </tr>`)}
        </tbody>
      </table>
    </section>`;
}

const modes = /** @type {Record<string, string>} */ ({ "public-url": "own tunnel" });

/**
 * tunnel says whether deliveries can come in.
 * @param {Status} s
 */
function tunnel(s) {
  if (s.tunnel === "reconnecting") return { tone: "warn", words: "reconnecting" };
  if (s.tunnel === "local") return { tone: "quiet", words: "from this machine only" };
  if (s.tunnel !== "online") return { tone: "quiet", words: oneLine(s.tunnel) };
  return s.probed ? { tone: "ok", words: "reachable" } : { tone: "warn", words: "online, not proven reachable" };
}

/**
 * app says whether deliveries can go out.
 * @param {Status} s
 */
function app(s) {
  if (!s.forward_to) return { tone: "quiet", words: "nowhere: recorded only" };
  const title = s.app_since ? (s.app_reason ? oneLine(s.app_reason) + ", " : "") + "since " + exact(new Date(s.app_since)) : undefined;
  if (s.app === "answering") return { tone: "ok", words: "answering", title };
  return s.app === "down" ? { tone: "bad", words: "does not answer", title } : { tone: "quiet", words: "not tried yet" };
}

/** @param {SubscriptionStatus[]} list */
function activity(list) {
  const active = list.filter((s) => s.status === "active").length;
  return active === list.length ? { tone: "ok", words: active + " active" } : { tone: "warn", words: active + " of " + list.length + " active" };
}
