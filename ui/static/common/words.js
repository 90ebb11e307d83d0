// @ts-check
// Searches as texts: their words, what a chip does to them, and how one is completed. Pure functions.

/** @typedef {import("../types.js").SearchWord} SearchWord */

/**
 * A word of a search: where it stands, its text, and its parts outside of quotes.
 * @typedef {object} Word
 * @property {number} start
 * @property {number} end
 * @property {string} text
 */

/** words cuts a search as the store does: at blanks that are not in quotes. @param {string} q @returns {Word[]} */
export function words(q) {
  const list = [];
  let start = -1;
  let quoted = false;
  for (let i = 0; i <= q.length; i++) {
    const c = q[i] ?? " ";
    if (quoted && c === "\\") i++;
    else if (c === '"' && i < q.length) {
      quoted = !quoted;
      if (start < 0) start = i;
    } else if (!/\s/.test(c)) {
      if (start < 0) start = i;
    } else if ((!quoted || i >= q.length) && start >= 0) {
      list.push({ start, end: Math.min(i, q.length), text: q.slice(start, i) });
      start = -1;
    }
  }
  if (start >= 0) list.push({ start, end: q.length, text: q.slice(start) });
  return list;
}

/** hasWord tells whether a search has exactly that word. @param {string} q @param {string} word */
export function hasWord(q, word) {
  return words(q).some((w) => w.text === word);
}

/** toggleWord adds a word at the end, or takes it out wherever it stands. @param {string} q @param {string} word */
export function toggleWord(q, word) {
  const texts = words(q).map((w) => w.text);
  return (texts.includes(word) ? texts.filter((t) => t !== word) : [...texts, word]).join(" ");
}

/** choices are the alternatives of the word with that key, none when there is no such word. @param {string} q @param {string} key as in "state:" @returns {string[]} */
export function choices(q, key) {
  const word = words(q).find((w) => w.text.startsWith(key));
  return word?.text.slice(key.length).match(/(?:"(?:\\.|[^"\\])*"?|[^,"])+/g) ?? []; // commas in quotes separate nothing
}

/**
 * toggleChoice adds an alternative to the word with that key, or takes it out: two of them mean either, where two words
 * would mean both.
 * @param {string} q
 * @param {string} key
 * @param {string} choice
 */
export function toggleChoice(q, key, choice) {
  const had = choices(q, key);
  const now = had.includes(choice) ? had.filter((c) => c !== choice) : [...had, choice];
  const texts = words(q).map((w) => w.text);
  const at = texts.findIndex((t) => t.startsWith(key));
  const word = now.length > 0 ? [key + now.join(",")] : [];
  return (at < 0 ? [...texts, ...word] : texts.toSpliced(at, 1, ...word)).join(" ");
}

/** quote gives a value from outside as it may stand in a search, where it means itself. @param {string} s */
export function quote(s) {
  return /^[\p{L}\p{N}_/][\p{L}\p{N}_/.\-+@%#~]*$/u.test(s) ? s : quoted(s);
}

/** quoted gives a text in the quotes of a search, whatever it is. @param {string} s */
export function quoted(s) {
  return '"' + s.replace(/["\\]/g, "\\$&") + '"';
}

/**
 * A Proposal is one way to go on: the text to show, its meaning, and what the search becomes with it.
 * @typedef {object} Proposal
 * @property {string} text
 * @property {string} meaning
 * @property {string} q
 * @property {number} caret     where to go on writing
 * @property {boolean} complete whether it is a whole word now
 */

const mostProposals = 12;

/**
 * complete proposes how to go on with the word that the caret is in.
 * @param {string} q
 * @param {number} caret
 * @param {SearchWord[]} vocabulary
 * @param {string[]} events   types that were seen, from outside
 * @returns {Proposal[]}
 */
export function complete(q, caret, vocabulary, events) {
  const word = words(q).find((w) => w.start < caret && caret <= w.end) ?? { start: caret, end: caret, text: "" };
  const sign = /^[!-]/.exec(word.text)?.[0] ?? "";
  const typed = q.slice(word.start + sign.length, caret);
  const colon = typed.indexOf(":");
  if (typed.includes('"')) return [];
  /** @param {string} whole @param {boolean} done */
  const proposal = (whole, done) => {
    const rest = q.slice(word.end).replace(/^\s+/, "");
    const before = q.slice(0, word.start) + sign + whole + (done ? " " : "");
    return { q: before + rest, caret: before.length, complete: done };
  };
  if (colon < 0) {
    return vocabulary
      .filter((v) => v.key.startsWith(typed.toLowerCase()) && v.key !== typed)
      .map((v) => ({ text: sign + v.key, meaning: v.meaning, ...proposal(v.key, false) }));
  }
  const key = typed.slice(0, colon + 1);
  const known = vocabulary.find((v) => v.key === key);
  if (!known) return [];
  const comma = typed.lastIndexOf(",");
  const from = Math.max(colon, comma) + 1;
  const begun = typed.slice(from).toLowerCase();
  const chosen = new Set(typed.slice(colon + 1, from).split(","));
  const values = [...new Set([...known.values, ...(key === "event:" ? events.map(quote) : [])])];
  return values
    .filter((v) => v.toLowerCase().includes(begun) && v !== typed.slice(from) && !chosen.has(v))
    .sort((a, b) => Number(b.toLowerCase().startsWith(begun)) - Number(a.toLowerCase().startsWith(begun)))
    .slice(0, mostProposals)
    .map((v) => ({ text: v, meaning: "", ...proposal(typed.slice(0, from) + v, true) }));
}

/**
 * around cuts a text to what is near a place, for showing what is wrong there: before, the word at the place, after.
 * @param {string} q
 * @param {number} pos
 */
export function around(q, pos) {
  const at = Math.min(pos, q.length);
  const word = words(q).find((w) => w.start <= at && at < w.end);
  const end = word ? word.end : at;
  const near = 40;
  const before = q.slice(0, at);
  const wrong = q.slice(at, end);
  const after = q.slice(end);
  return {
    before: before.length > near ? "…" + before.slice(-near) : before,
    wrong: wrong.length > near ? wrong.slice(0, near) + "…" : wrong || " ",
    after: after.length > near ? after.slice(0, near) + "…" : after,
  };
}
