// @ts-check
// The keys of a tree, as in every treeview: arrows move and fold, enter does what a line is for.

import { chunk } from "./tree.js";

/** @typedef {import("./treeview.js").TreeView} TreeView */

/** press does what a key means in a tree. @param {TreeView} view @param {KeyboardEvent} e */
export function press(view, e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const { tree, open } = view;
  const n = view.state.active;
  const items = () => view.rows().filter((r) => r.type !== "close").map((r) => view.nameOf(r));
  /** @param {number} by */
  const move = (by) => {
    const list = items();
    view.go(list[Math.max(0, Math.min(list.length - 1, list.indexOf(n) + by))]);
  };
  const keys = /** @type {Record<string, () => void>} */ ({
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(15),
    PageUp: () => move(-15),
    Home: () => view.go(0),
    End: () => view.go(/** @type {number} */ (items().at(-1))),
    ArrowRight: () => {
      if (n < -1) view.more(-2 - n);
      else if (tree.folds(n)) open.has(n) ? view.go(n + 1) : view.fold(n, true);
    },
    ArrowLeft: () => {
      if (n < -1) view.go(Math.min(-2 - n, tree.count - 1));
      else if (open.has(n) && tree.folds(n)) view.fold(n, false);
      else if (tree.parent[n] >= 0) view.go(tree.parent[n]);
    },
    "*": () => {
      for (let m = tree.parent[n] + 1, i = 0; n >= 0 && m < (tree.parent[n] < 0 ? tree.count : tree.after[tree.parent[n]]) && i < chunk; m = tree.after[m], i++) open.add(m);
      view.setState({});
    },
  });
  keys.Enter = keys[" "] = () => {
    if (n < -1) view.more(-2 - n);
    else if (tree.folds(n)) view.fold(n);
    else view.widen(n);
  };
  if (!keys[e.key]) return;
  e.preventDefault();
  e.stopPropagation();
  if (n === -1) view.go(0);
  else keys[e.key]();
}
