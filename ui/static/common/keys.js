// @ts-check
// The keyboard: one table of what each key does, from which it is dispatched and from which the help is made.

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("../types.js").Summary} Summary */

/**
 * @typedef {object} Key
 * @property {string[]} keys      as KeyboardEvent.key names them; two in a row have a blank between: "g d"
 * @property {string} words       what it does, for the help
 * @property {string} group       the help's heading
 * @property {((model: Model) => void)=} run
 * @property {string=} action     instead of run: an action that some part provides, on the selected delivery
 * @property {((model: Model) => boolean)=} when   whether it does anything now; left out for always
 * @property {boolean=} list      only while the focus is on the list or nowhere: elsewhere the key has a meaning already
 * @property {string=} hint       short words for the line below the list
 */

/** @type {Key[]} */
export const keys = [];

/** @type {Map<string, (model: Model, d: Summary) => void>} */
const actions = new Map();

/** bind adds keys to the table. @param {Key[]} list */
export function bind(...list) {
  keys.push(...list);
}

/**
 * provide says how an action that keys and menus know by name is done.
 * @param {string} name   "replay" "edit" "compare" "copy" "remove"
 * @param {(model: Model, d: Summary) => void} run
 */
export function provide(name, run) {
  actions.set(name, run);
}

/** does tells whether a key does anything now. @param {Key} k @param {Model} model */
export function does(k, model) {
  if (k.action && !actions.has(k.action)) return false;
  return k.when?.(model) ?? true;
}

const patience = 1_500; // ms that a first key waits for its second
let first = "";
let timer = 0;

/**
 * press does what a key is for. It returns whether that was anything.
 * @param {KeyboardEvent} e
 * @param {Model} model
 */
export function press(e, model) {
  if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.defaultPrevented) return false;
  const on = /** @type {HTMLElement} */ (e.target);
  if (typing(on) || document.querySelector("dialog[open]")) return false;
  const name = first ? first + " " + e.key : e.key;
  first = "";
  clearTimeout(timer);
  const onList = on === document.body || on.getAttribute("role") === "grid";
  const onControl = (e.key === "Enter" || e.key === " ") && on.closest("button, a, summary, [role=button]") !== null;
  const fits = keys.filter((k) => (!k.list || onList) && !onControl && does(k, model));
  const k = fits.find((k) => k.keys.includes(name));
  if (k) {
    e.preventDefault();
    run(k, model);
    return true;
  }
  if (fits.some((k) => k.keys.some((key) => key.startsWith(name + " ")))) {
    first = name;
    timer = window.setTimeout(() => (first = ""), patience);
    return true;
  }
  return false;
}

/** @param {Key} k @param {Model} model */
function run(k, model) {
  if (!k.action) return k.run?.(model);
  const d = model.row(model.selected);
  if (d) actions.get(k.action)?.(model, d);
}

/** typing tells whether an element takes letters for itself. @param {HTMLElement} on */
export function typing(on) {
  return /^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName) || on.isContentEditable;
}

/** Names of keys as people know them. */
const names = /** @type {Record<string, string>} */ ({
  Enter: "⏎", Escape: "esc", ArrowDown: "↓", ArrowUp: "↑", PageDown: "page down", PageUp: "page up", " ": "space",
});

/** label is what stands on a key. @param {string} key */
export function label(key) {
  return names[key] ?? key;
}
