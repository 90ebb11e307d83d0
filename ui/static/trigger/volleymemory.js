// @ts-check
// What the trigger view remembers while the page lives, wherever somebody goes meanwhile.

/** @typedef {import("./wish.js").Form} Form */
/** @typedef {import("./shape.js").Leaf} Leaf */
/** @typedef {import("../types.js").VolleySample} VolleySample */

/** The form of each type, and which type it was. */
export const memory = {
  event: "",
  /** @type {Map<string, Form>} */
  forms: new Map(),
  /** @type {Map<string, Leaf[]>} */
  shapes: new Map(),
  /** The last preview of each type. @type {Map<string, VolleySample>} */
  samples: new Map(),
};

/** touched tells whether the form of a type was changed. @param {string} event */
export function touched(event) {
  const form = memory.forms.get(event);
  return form !== undefined && (Object.keys(form.drafts).length > 0 || form.removed.length > 0 || form.others.length > 0 || form.tamper.length > 0);
}
