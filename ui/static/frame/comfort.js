// @ts-check
// What makes the page pleasant to have open all day: the choice of colours, notifications, the tab's title and icon, and
// the notices that come and go.

import { html } from "../vendor/htm-preact.js";
import { answerTone, oneLine, outcome, plural, verdictLabel } from "../common/text.js";
import { load, store } from "../state/keep.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").Summary} Summary */

/** isBad tells whether a delivery wants somebody's attention. @param {Summary} d */
function isBad(d) {
  if (d.verdict !== "valid") return true;
  const last = d.attempts.at(-1);
  return d.state !== "waiting" && last !== undefined && answerTone(last) === "bad";
}

const countedAtMost = 1_000;

/** unread counts the newest deliveries that were not opened yet, and whether one of them is bad. @param {Model} model */
export function unread(model) {
  const { marks } = model;
  const { rows } = model.all;
  let count = 0;
  let bad = false;
  if (!marks.known) return { count, bad };
  for (let i = rows.length - 1; i >= 0 && rows[i].seq > marks.kept.upTo && count < countedAtMost; i--) {
    if (!marks.isUnread(rows[i].seq)) continue;
    count++;
    bad ||= isBad(rows[i]);
  }
  return { count: count + marks.unread.size, bad };
}

/** title is what the tab says. @param {Model} model @param {number} count */
export function title(model, count) {
  const held = model.status?.held ?? 0;
  return (count > 0 ? "(" + (count >= countedAtMost ? "999+" : count) + ") " : "") + "pictap" + (held > 0 ? " · " + held.toLocaleString() + " waiting" : "");
}

/** dress gives the tab its title and icon. @param {Model} model */
export function dress(model) {
  const { count, bad } = unread(model);
  const words = title(model, count);
  if (document.title !== words) document.title = words;
  const icon = bad ? "icon-bad.svg" : count > 0 ? "icon-new.svg" : "icon.svg";
  const link = document.querySelector("link[rel=icon]");
  if (link && link.getAttribute("href") !== icon) link.setAttribute("href", icon);
}

const themes = /** @type {Record<string, {next: string, sign: string, words: string}>} */ ({
  auto: { next: "light", sign: "◐", words: "as the system" },
  light: { next: "dark", sign: "☀", words: "light" },
  dark: { next: "auto", sign: "☾", words: "dark" },
});

/** Toolbox has what belongs to the page and not to a view. @param {{model: Model, alerts: Alerts, onHelp: () => void}} props */
export function Toolbox({ model, alerts, onHelp }) {
  const theme = themes[document.documentElement.dataset.chosen ?? ""] ?? themes.auto;
  const choose = () => {
    store("pictap.theme", theme.next);
    document.dispatchEvent(new Event("themechosen"));
    model.changed();
  };
  return html`
    <div class="toolbox">
      ${alerts.possible && html`<button class="quiet alerts" aria-pressed=${alerts.on} onClick=${() => alerts.toggle()}
        title="Notify me of failing and unverified deliveries while this page is out of sight">${alerts.on ? "Notifying" : "Notify me"}</button>`}
      <button class="quiet theme" onClick=${choose} aria-label=${"Colours: " + theme.words} title=${"Colours: " + theme.words + ". Change to " + themes[theme.next].words}>${theme.sign}</button>
      <button class="quiet" onClick=${onHelp} aria-label="Help with the keyboard and the search" title="Keys and search (?)">?</button>
    </div>`;
}

const quiet = 5_000; // ms between two notifications: what comes meanwhile is counted in the next one
const toldAtMost = 1_000; // deliveries that are remembered as told

/** Alerts tell of bad deliveries while the page is out of sight, when somebody has asked for it. */
export class Alerts {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.asked = load("pictap.notify") === "on";
    /** @type {Set<number>} */
    this.told = new Set();
    /** @type {Summary[]} */
    this.due = [];
    this.timer = 0;
    model.listeners.add((list) => this.hear(list));
  }

  get possible() {
    return "Notification" in window;
  }

  get on() {
    return this.possible && this.asked && Notification.permission === "granted";
  }

  /** toggle turns them on or off; the first time, the browser asks whether it may. */
  async toggle() {
    const on = !this.on;
    if (on && Notification.permission !== "granted" && (await Notification.requestPermission()) !== "granted") {
      this.model.say("The browser does not allow notifications from this page. Its settings for this address can change that.", "bad");
      return;
    }
    this.asked = on;
    store("pictap.notify", on ? "on" : "off");
    this.model.say(on ? "Failing and unverified deliveries are told while this page is out of sight." : "No more notifications.", "ok");
  }

  /** @param {Summary[]} list */
  hear(list) {
    if (!this.on || !document.hidden) return;
    for (const d of list) {
      if (this.told.has(d.seq) || !isBad(d)) continue;
      this.told.add(d.seq);
      this.due.push(d);
    }
    for (const seq of this.told) if (this.told.size > toldAtMost) this.told.delete(seq);
    if (this.due.length > 0 && !this.timer) this.tell();
  }

  tell() {
    const due = this.due.splice(0);
    this.timer = due.length > 0 ? window.setTimeout(() => this.tell(), quiet) : 0;
    if (due.length === 0 || !document.hidden) return;
    const last = /** @type {Summary} */ (due.at(-1));
    const words = last.verdict === "valid" ? "the app: " + outcome(last).text : "signature: " + verdictLabel(last.verdict);
    const notice = new Notification(due.length > 1 ? plural(due.length, "delivery needs a look", "deliveries need a look") : (oneLine(last.event) || "unrecognised") + " needs a look", {
      body: "d" + last.seq + " · " + words, tag: "pictap",
    });
    notice.onclick = () => {
      window.focus();
      this.model.open(last.seq);
      notice.close();
    };
  }
}

/** Notices are the passing ones, the newest at the bottom. @param {{model: Model}} props */
export function Notices({ model }) {
  return html`
    <div class="notices" role="status" aria-live="polite">
      ${model.notices.map((n) => html`
        <div class=${"notice " + n.tone} key=${n.text}>
          <p class=${n.tone}>${n.text}</p>
          <button class="dismiss" aria-label="Dismiss" onClick=${() => model.dismiss(n)}>✕</button>
        </div>`)}
    </div>`;
}
