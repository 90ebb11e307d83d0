// @ts-check
// The pictures that a payload names, shown when somebody asks for them, beside what the payload says of them.
//
// pictap fetches them, from Pictify's hosts and the mock, and reads from the bytes what they are. What it has looked at
// comes here as a blob: this page itself asks nobody.

import { Component, html } from "../vendor/htm-preact.js";
import { oneLine, plural, size, webLink } from "../common/text.js";
import { call, message, request } from "../state/session.js";

/** @typedef {import("../types.js").Detail} Detail */
/** @typedef {import("../types.js").PicturePlace} PicturePlace */
/** @typedef {import("../types.js").MediaFacts} MediaFacts */
/** @typedef {import("../types.js").Claim} Claim */

/**
 * What has become of a picture that was asked for.
 * @typedef {object} Shown
 * @property {boolean} busy
 * @property {string} trouble
 * @property {MediaFacts | null} facts
 * @property {string} blob       its address, "" when there is nothing to show
 */

/** Pictures are fetched one after the other. */
let turn = Promise.resolve();

const stripFrom = 4; // pictures from which on they are shown as a strip

export default class Pictures extends Component {
  constructor() {
    super();
    /** @type {Map<string, Shown>} */
    this.shown = new Map();
    this.state = { large: "" }; // the field of the one that is shown in its own size
    this.gone = false;
  }

  /** @returns {{d: Detail}} */
  get own() {
    return /** @type {any} */ (this.props);
  }

  componentWillUnmount() {
    this.gone = true;
    for (const { blob } of this.shown.values()) if (blob) URL.revokeObjectURL(blob);
  }

  /** show asks for a picture and for what is known of it. @param {PicturePlace} place */
  show(place) {
    const id = this.own.d.id;
    const old = this.shown.get(place.field);
    if (old?.busy) return;
    if (old?.blob) URL.revokeObjectURL(old.blob);
    /** @param {Partial<Shown>} s */
    const set = (s) => {
      this.shown.set(place.field, { busy: false, trouble: "", facts: null, blob: "", ...s });
      if (!this.gone) this.setState({});
    };
    set({ busy: true });
    turn = turn.then(async () => {
      if (this.gone) return;
      try {
        const path = "/api/deliveries/" + id + "/media";
        const query = "?field=" + encodeURIComponent(place.field);
        /** @type {MediaFacts} */
        const facts = await call("GET", path + query);
        const blob = facts.hidden ? "" : await blobOf(await request("GET", path + "/bytes" + query), facts);
        if (this.gone && blob) URL.revokeObjectURL(blob);
        set({ facts, blob });
      } catch (err) {
        set({ trouble: message(err) });
      }
    });
  }

  /** hide forgets a picture. @param {string} field */
  hide(field) {
    const s = this.shown.get(field);
    if (s?.blob) URL.revokeObjectURL(s.blob);
    this.shown.delete(field);
    this.setState({ large: "" });
  }

  render() {
    const places = this.own.d.pictures ?? [];
    const strip = places.length >= stripFrom;
    const failed = (/** @type {Shown | undefined} */ s) => s?.trouble || (s?.facts && !s.blob);
    const open = places.filter((p) => this.shown.has(p.field) && (!strip || failed(this.shown.get(p.field)) || this.state.large === p.field));
    return html`
      <section class="pictures" aria-label="Pictures">
        <h3>${places.length === 1 ? "Picture" : "Pictures"} <small>${places.length === 1 ? "" : places.length + " in the payload. "}Nothing is fetched before you ask.</small></h3>
        ${strip
          ? html`<div class="strip-of-pictures">${places.map((p) => this.tile(p))}</div>`
          : places.filter((p) => !this.shown.has(p.field)).map((p) => html`
            <p class="picture-offer" key=${p.field}><button onClick=${() => this.show(p)}>Show the picture</button> ${from(p)}</p>`)}
        ${open.map((p) => this.one(p, /** @type {Shown} */ (this.shown.get(p.field))))}
      </section>`;
  }

  /** tile is one of many. @param {PicturePlace} p */
  tile(p) {
    const s = this.shown.get(p.field);
    const name = oneLine(p.field.replace(/^data\./, ""));
    const image = s?.blob && s.facts?.type !== "pdf";
    return html`
      <button class=${"tile" + (this.state.large === p.field ? " current" : "")} key=${p.field} title=${oneLine(p.url)} aria-expanded=${s?.blob ? this.state.large === p.field : undefined}
        onClick=${() => (s?.blob ? this.setState({ large: this.state.large === p.field ? "" : p.field }) : this.show(p))}>
        <span class="checkered">${image ? html`<img src=${s.blob} alt="" />` : html`<small>${!s ? "show" : s.busy ? "fetching" : s.blob ? "PDF" : "no picture"}</small>`}</span>
        <span class="name">${name}</span>
      </button>`;
  }

  /** one is a picture with all that is known of it. @param {PicturePlace} p @param {Shown} s */
  one(p, s) {
    const { facts, blob } = s;
    const large = this.state.large === p.field;
    const image = blob && facts && facts.type !== "pdf";
    return html`
      <figure class="picture" key=${p.field}>
        ${s.busy && html`<p class="hint" role="status">Fetching it…</p>`}
        ${image && html`
          <button class=${"canvas checkered" + (large ? " large" : "")} aria-label=${large ? "Fit it into the page" : "Show it in its own size"} aria-pressed=${large}
            onClick=${() => this.setState({ large: large ? "" : p.field })}>
            <img src=${blob} alt=${"What " + oneLine(p.field) + " names"} width=${facts.width} height=${facts.height} onError=${() => this.undrawable(p.field)} />
          </button>`}
        <figcaption>
          ${s.trouble && html`<p class="trouble" role="status">It is not shown: ${oneLine(s.trouble)}.</p>`}
          ${facts && html`<p class="facts-of">${factWords(facts)}</p>`}
          ${facts?.hidden && html`<p class="trouble" role="status">It is not shown: ${oneLine(facts.hidden)}.</p>`}
          ${facts?.damage && html`<p class="trouble">The file is damaged: ${oneLine(facts.damage)}.</p>`}
          ${facts && facts.claims.length > 0 && html`<ul class="claims">${facts.claims.map((c) => html`<li class=${c.ok ? "ok" : "bad"} key=${c.what}>${claimWords(c)}</li>`)}</ul>`}
          <p class="picture-offer">
            ${blob && facts?.type === "pdf" && html`<a class="button" href=${blob} target="_blank" rel="noopener noreferrer">Open the PDF in a new tab</a>`}
            ${!s.busy && html`<button class="quiet" onClick=${() => this.show(p)}>${s.trouble ? "try again" : "fetch again"}</button><button class="quiet" onClick=${() => this.hide(p.field)}>hide</button>`}
            ${from(p)}
          </p>
        </figcaption>
      </figure>`;
  }

  /** undrawable is for what the browser could not draw. @param {string} field */
  undrawable(field) {
    const s = this.shown.get(field);
    if (!s) return;
    if (s.blob) URL.revokeObjectURL(s.blob);
    this.shown.set(field, { ...s, blob: "", trouble: "the browser cannot draw it, so the file is damaged" });
    this.setState({});
  }
}

/**
 * blobOf makes an address for bytes that were looked at. A PDF is one only if it begins like one: it is opened as a
 * document.
 * @param {Response} answer @param {MediaFacts} facts
 */
async function blobOf(answer, facts) {
  const blob = await answer.blob();
  if (facts.type === "pdf" && (await blob.slice(0, 5).text()) !== "%PDF-") throw new Error("it is no PDF");
  return URL.createObjectURL(blob);
}

/** from says where a picture is, with a link for those who want to go there themselves. @param {PicturePlace} p */
function from(p) {
  const link = webLink(p.url);
  const shown = oneLine(p.url.length > 120 ? p.url.slice(0, 120) + "…" : p.url);
  return html`<span class="from"><span class="mono">${oneLine(p.field)}</span> ${link ? html`<a href=${link} target="_blank" rel="noopener noreferrer">${shown}</a>` : html`<span class="mono">${shown}</span>`}</span>`;
}

const types = new Map([
  ["png", "PNG"], ["jpeg", "JPEG"], ["gif", "GIF"], ["webp", "WebP"], ["pdf", "PDF"], ["svg", "SVG, which can run programs"], ["html", "a web page"],
  ["xml", "XML"], ["json", "JSON"], ["text", "text"], ["avif", "AVIF"], ["empty", "nothing"],
]);

/** factWords is what a picture is. @param {MediaFacts} f */
export function factWords(f) {
  const words = [types.get(f.type) ?? "something that is no picture"];
  if (f.width > 0) words.push(f.width.toLocaleString("en") + "×" + f.height.toLocaleString("en") + (f.type === "pdf" ? " points" : " pixels"));
  if (f.frames > 1) words.push(plural(f.frames, "frame", "frames"));
  if (f.pages > 0) words.push(plural(f.pages, "page", "pages"));
  words.push(size(f.bytes));
  return words.join(", ");
}

/** claimWords compares what the payload says with what is. @param {Claim} c */
export function claimWords(c) {
  const claimed = oneLine(c.claimed);
  if (c.ok) return c.what === "size" ? claimed + " as claimed" : { format: "format", type: "type", ending: "ending", pages: "pages" }[c.what] + " " + claimed + " as claimed";
  const real = c.real === "" ? "cannot be told" : c.what === "format" || c.what === "ending" ? (types.get(c.real) ?? oneLine(c.real)) : oneLine(c.real);
  switch (c.what) {
    case "size":
      return "the payload says " + claimed + ", the picture is " + (c.real || "of a size that cannot be told");
    case "format":
      return "the payload says that its format is " + claimed + ", it is " + real;
    case "type":
      return "the payload says that it is of type " + claimed + ", it is " + (c.real ? "of type " + real : "something else");
    case "ending":
      return "its address ends in " + claimed + ", it is " + real;
  }
  return "the payload says " + claimed + " pages, it has " + real;
}
