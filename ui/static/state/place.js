// @ts-check
// Where somebody is on the page, as its address says it after the "#": nothing of it is ever sent to a server.
//
// It can be copied to a colleague's page, or kept as a bookmark, and the back button walks through it.

/**
 * @typedef {object} Place
 * @property {string} view    "" the deliveries, or the name of one of the other views
 * @property {string} q       the search, "" for all
 * @property {string} open    the delivery that is open, "d17", or ""
 * @property {string} pane    what is shown of it: "" its detail, "edit", "compare"
 * @property {string} with    what it is compared with, "d3", or ""
 */

/** @type {Place} */
export const nowhere = { view: "", q: "", open: "", pane: "", with: "" };

/**
 * parse reads a place from the part of an address after "#". What it does not know it leaves out.
 * @param {string} hash
 * @returns {Place}
 */
export function parse(hash) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  /** @param {string} name @param {RegExp} shape */
  const read = (name, shape) => (shape.test(query.get(name) ?? "") ? /** @type {string} */ (query.get(name)) : "");
  const open = read("open", /^d[0-9]{1,18}$/);
  return {
    view: read("view", /^[a-z]{1,20}$/),
    q: (query.get("q") ?? "").slice(0, 4096),
    open,
    pane: open && read("pane", /^[a-z]{1,20}$/),
    with: open && read("with", /^d[0-9]{1,18}$/),
  };
}

/**
 * text is the part of an address, with its "#", that {@link parse} reads as that place; "" for nowhere.
 * @param {Place} place
 */
export function text(place) {
  const said = Object.entries(place).filter(([, value]) => value);
  return said.length === 0 ? "" : "#" + new URLSearchParams(said);
}
