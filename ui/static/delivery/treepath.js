// @ts-check
// Where a value stands, and which deliveries have the same one there, in the words of a search.

import { stringText } from "../common/json.js";
import { quote, quoted } from "../common/words.js";
import { array, string } from "./tree.js";

/** @typedef {import("./tree.js").Tree} Tree */

const searchLimit = 1_000; // characters of a value that somebody may want to search for

/**
 * pathText writes steps as a search has them: data.variables.title, with quotes around what would mean something else.
 * @param {string[]} steps
 */
export function pathText(steps) {
  return steps.map((step) => (step.includes(".") ? quoted(step) : quote(step))).join(".");
}

/**
 * searchFor is a search that finds deliveries which have the same value in the same place, "" when there is none.
 * @param {Tree} tree
 * @param {number} n
 */
export function searchFor(tree, n) {
  if (tree.kind[n] <= array) return "";
  const value = tree.kind[n] === string ? stringText(tree.text(n)) : tree.text(n);
  if (value === null || value.length > searchLimit || !isWellFormed(value)) return "";
  const steps = tree.steps(n);
  if (!steps.every(isWellFormed)) return "";
  if (steps.length === 1 && steps[0] === "event" && value !== "") return "event:" + quote(value);
  if (steps[0] === "data" && steps.length > 1 && !steps.includes("")) return pathText(steps) + ":" + quote(value);
  return value === "" ? "" : quoted(value);
}

/** isWellFormed is false for a text with half a character in it, which no address can carry. @param {string} s */
function isWellFormed(s) {
  return !/[\ud800-\udfff]/u.test(s);
}
