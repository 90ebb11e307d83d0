// @ts-check
// The trigger view's form: an input for each place that the schema knows, other changes, how it is broken, how many.

import { html } from "../vendor/htm-preact.js";
import { oneLine, visible } from "../common/text.js";
import { isText, leafEdit, made, problem, shown } from "./shape.js";
import { clockText } from "./wish.js";

/** @typedef {import("./wish.js").Form} Form */
/** @typedef {import("./shape.js").Leaf} Leaf */
/** @typedef {import("../types.js").TamperKind} TamperKind */

/**
 * @typedef {object} Part
 * @property {Form} form
 * @property {(changes: Partial<Form>) => void} change
 */

/** @param {any} e */
const value = (e) => /** @type {HTMLInputElement} */ (e.currentTarget).value;
/** @param {any} e */
const ticked = (e) => /** @type {HTMLInputElement} */ (e.currentTarget).checked;

/** When is what the event is made from: a seed, a moment, a type. @param {Part & {event: string, onRoll: () => void}} props */
export function When({ form, change, event, onRoll }) {
  return html`
    <section class="volley-source" aria-label="What it is made from">
      <label>Seed <input class="mono" inputmode="numeric" size="11" value=${form.seed} title="The same seed makes the same event, here and on the command line"
        onInput=${(/** @type {any} */ e) => change({ seed: value(e) })} /></label>
      <button class="roll" title="Another event" onClick=${onRoll}>Roll</button>
      <label>Happened at <input class="mono at" size="22" value=${form.at} disabled=${form.late} placeholder="2026-01-29T10:30:00Z"
        title="The times in the event follow from it. It is signed as of the moment of sending, whatever stands here" onInput=${(/** @type {any} */ e) => change({ at: value(e) })} /></label>
      <button disabled=${form.late} onClick=${() => change({ at: clockText() })}>Now</button>
      <label class="tick"><input type="checkbox" checked=${form.late} onChange=${(/** @type {any} */ e) => change({ late: ticked(e) })} /> the moment it is sent</label>
      ${event.startsWith("render.") && html`<label>Type <select value=${form.type} onChange=${(/** @type {any} */ e) => change({ type: value(e) })}>
        <option value="">by the seed</option><option>image</option><option>gif</option><option>pdf</option></select></label>`}
      <label class="tick" title="Documented payloads have no data.deliveryId"><input type="checkbox" checked=${form.strict} onChange=${(/** @type {any} */ e) => change({ strict: ticked(e) })} /> no data.deliveryId</label>
    </section>`;
}

/** Fields has an input for each place of the event. @param {Part & {leaves: Leaf[], made: any}} props */
export function Fields({ form, change, leaves, made: event }) {
  return html`<div class="fields-grid">${leaves.map((l, i) => html`<${Field} key=${l.path} id=${"volley-" + i} form=${form} change=${change} l=${l} event=${event} />`)}</div>`;
}

/** @param {Part & {id: string, l: Leaf, event: any}} props */
function Field({ id, form, change, l, event }) {
  const was = made(event, l);
  const removed = form.removed.includes(l.path);
  const draft = form.drafts[l.path];
  const now = removed ? "" : (draft ?? shown(was));
  const edited = leafEdit(form, l, event) !== null;
  const wrong = removed || draft === undefined ? "" : problem(l, draft);
  const missing = removed || (was === undefined && draft === undefined);
  const name = l.names[0] === "data" ? l.names.slice(1).join(".") : l.names.join(".");
  /** @param {string} s */
  const set = (s) => {
    if (was !== undefined && s === shown(was)) return undo();
    change({ drafts: { ...form.drafts, [l.path]: s }, removed: form.removed.filter((p) => p !== l.path) });
  };
  const undo = () => {
    const drafts = { ...form.drafts };
    delete drafts[l.path];
    change({ drafts, removed: form.removed.filter((p) => p !== l.path) });
  };
  const leaveOut = () => {
    const drafts = { ...form.drafts };
    delete drafts[l.path];
    change({ drafts, removed: was === undefined ? form.removed : [...form.removed, l.path] });
  };
  return html`
    <div class=${"leaf" + (edited ? " edited" : "") + (missing ? " missing" : "") + (wide(l) ? " wide" : "")} data-path=${l.path}>
      <div class="leaf-name"><label for=${id} class="mono">${oneLine(name)}</label>${l.required && html`<em class="need" title="The documents require it">required</em>`}
        ${missing && html`<small>${removed ? "left out" : "not in this one"}</small>`}
        <span class="actions">
          ${(edited || draft !== undefined) && html`<button class="quiet" aria-label=${"Undo the change of " + oneLine(name)} onClick=${undo}>undo</button>`}
          ${!missing && !l.constant && html`<button class="quiet" aria-label=${"Leave out " + oneLine(name)} title="Leave it out" onClick=${leaveOut}>✕</button>`}
        </span></div>
      <${Input} id=${id} l=${l} now=${now} missing=${missing} wrong=${wrong} onInput=${set} />
      ${wrong && html`<p class="wrong" id=${id + "-wrong"}>${wrong}</p>`}
      <p class="hint" id=${id + "-hint"}>${visible(l.hint)}</p>
    </div>`;
}

/** wide tells whether an input wants a line of its own. @param {Leaf} l */
function wide(l) {
  return l.types.includes("object") || l.types.includes("array");
}

/** @param {{id: string, l: Leaf, now: string, missing: boolean, wrong: string, onInput: (s: string) => void}} props */
function Input({ id, l, now, missing, wrong, onInput }) {
  const common = {
    id, "aria-describedby": id + "-hint" + (wrong ? " " + id + "-wrong" : ""), "aria-invalid": wrong ? "true" : undefined,
    onInput: (/** @type {any} */ e) => onInput(value(e)),
  };
  if (l.constant) return html`<input ...${common} class="mono" value=${now || l.choices[0]} readonly />`;
  if (l.choices.length > 0 || (l.types.length === 1 && l.types[0] === "boolean")) {
    const choices = l.choices.length > 0 ? l.choices : ["true", "false"];
    const all = missing || choices.includes(now) ? choices : [now, ...choices];
    return html`<select ...${common} value=${now}>${missing && html`<option value="" disabled selected>–</option>`}${all.map((c) => html`<option value=${c}>${oneLine(c)}</option>`)}</select>`;
  }
  if (!isText(l) && wide(l)) return html`<textarea ...${common} class="mono" rows="2" spellcheck=${false} placeholder=${missing ? oneLine(l.example) : ""} value=${now} />`;
  const number = l.types.includes("integer") || l.types.includes("number");
  return html`<input ...${common} class="mono" value=${now} spellcheck=${false} inputmode=${number ? "decimal" : undefined} placeholder=${missing ? oneLine(l.example) : ""}
    title=${[l.types.map(oneLine).join(" or "), l.minimum !== null && "at least " + l.minimum, oneLine(l.meaning)].filter(Boolean).join(", ")} />`;
}

/** Others are changes of any place by its path. @param {Part & {leaves: Leaf[]}} props */
export function Others({ form, change, leaves }) {
  /** @param {number} i @param {Partial<Form["others"][0]>} changes */
  const edit = (i, changes) => change({ others: form.others.map((o, at) => (at === i ? { ...o, ...changes } : o)) });
  return html`
    <div class="others" role="group" aria-label="Other changes, by path">
      ${form.others.map((o, i) => html`
        <div class="other" key=${i}>
          <select aria-label=${"What change " + (i + 1) + " does"} value=${o.how} onChange=${(/** @type {any} */ e) => edit(i, { how: /** @type {any} */ (value(e)) })}>
            <option value="set">set</option><option value="new">add</option><option value="remove">remove</option></select>
          <input class="mono" aria-label=${"Path of change " + (i + 1)} placeholder="data.variables.title" list="volley-paths" spellcheck=${false} value=${o.path}
            onInput=${(/** @type {any} */ e) => edit(i, { path: value(e) })} />
          ${o.how !== "remove" && html`<input class="mono" aria-label=${"Value of change " + (i + 1)} placeholder=${'640, text, "640" or {"a": [1]}'} spellcheck=${false} value=${o.value}
            onInput=${(/** @type {any} */ e) => edit(i, { value: value(e) })} />`}
          <button class="quiet" aria-label=${"Undo change " + (i + 1)} onClick=${() => change({ others: form.others.filter((_, at) => at !== i) })}>undo</button>
        </div>`)}
      <datalist id="volley-paths">${leaves.map((l) => html`<option value=${l.path} />`)}</datalist>
      <button onClick=${() => change({ others: [...form.others, { path: "", value: "", how: "set" }] })}>Change another place by its path</button>
      ${form.others.length > 0 && html`<small>Names with dots; “add” is for places that this event does not have. A value is JSON if it can be read as such, else a text.</small>`}
    </div>`;
}

/** Tampers are the ways to break it. @param {Part & {kinds: TamperKind[]}} props */
export function Tampers({ form, change, kinds }) {
  /** @param {string} name @param {boolean} on */
  const tick = (name, on) => change({ tamper: kinds.map((k) => k.name).filter((k) => (k === name ? on : form.tamper.includes(k))) });
  return html`
    <section role="group" aria-labelledby="volley-tamper">
      <header><h3 id="volley-tamper">Break it on purpose <small>${form.tamper.length === 0 ? "it is whole, and rightly signed" : "each event is sent once for each way"}</small></h3>
        ${form.tamper.length > 0 && html`<button class="quiet" onClick=${() => change({ tamper: [] })}>none</button>`}</header>
      <div class="tampers">${kinds.map((k) => html`
        <label class="tick" title=${"A correct handler answers " + oneLine(k.want)}><input type="checkbox" value=${k.name} checked=${form.tamper.includes(k.name)} onChange=${(/** @type {any} */ e) => tick(k.name, ticked(e))} />
          <span><b>${oneLine(k.name)}</b> <small>${oneLine(k.why)}</small></span></label>`)}
      </div>
    </section>`;
}

/** Amounts are how many, how fast, and in what order. @param {Part & {most: number}} props */
export function Amounts({ form, change, most }) {
  /** @param {string} label @param {keyof Form} name @param {string} after @param {string} hint @param {string} size */
  const box = (label, name, after, hint, size = "5") => html`
    <label title=${hint}>${label} <input class="mono" inputmode=${name === "id" || name === "delay" ? undefined : "decimal"} size=${size} value=${form[name]} spellcheck=${false}
      placeholder=${/** @type {Record<string, string>} */ ({ id: "its own", delay: "0-5s", rate: "–", drop: "0", together: "–" })[name] ?? ""}
      onInput=${(/** @type {any} */ e) => change({ [name]: value(e) })} />${after && html` <small>${after}</small>`}</label>`;
  return html`
    <section role="group" aria-labelledby="volley-amounts">
      <header><h3 id="volley-amounts">How many</h3></header>
      <div class="amounts">
        ${box("Events", "count", "", "From 1 to " + most.toLocaleString() + "; each is another one")}
        ${box("Each sent", "duplicate", "times", "The same delivery again, with the same id: a handler does it once", "4")}
        ${box("Rate", "rate", "a second", "How many requests begin each second; nothing here: as fast as they are answered")}
        ${box("Delay", "delay", "", "Before each request, 200ms or 0-5s", "6")}
        ${box("Leave out", "drop", "%", "So many of the requests are not sent, as if they were lost", "4")}
        ${box("At once", "together", "", "How many requests are under way at the same time; nothing here: one, or 16 of many", "4")}
        ${box("Delivery id", "id", "", "The same id for all of them; nothing here: each has its own", "16")}
        <label class="tick"><input type="checkbox" checked=${form.shuffle} onChange=${(/** @type {any} */ e) => change({ shuffle: ticked(e) })} /> in another order</label>
      </div>
    </section>`;
}
