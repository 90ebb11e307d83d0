// @ts-check
// Laying out JSON for reading without ever turning it into values.
//
// The text is cut into tokens and given new whitespace; the tokens themselves stay as they were sent. So numbers
// keep their digits, keys their order and repeats, strings their escapes, and a body of 100,000 nested arrays
// is a loop and not a recursion.

/**
 * A stretch of laid-out text. Kind is "key", "string", "number", "word" (true, false, null) or "" (punctuation
 * and whitespace).
 * @typedef {object} Span
 * @property {string} kind
 * @property {string} text
 */

/**
 * @typedef {object} Layout
 * @property {Span[]} spans
 * @property {string} error     "" or what makes this not JSON
 * @property {boolean} cut      there is more than the limits allow
 */

const token = /[ \t\r\n]*(?:([{}[\]:,])|("[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))/y;
const closing = /[ \t\r\n]*[}\]]/y;
const indentLimit = 40; // levels; beyond it a deep document would be mostly spaces

// What a reader gets at once. 20,000 coloured words are about a frame's worth of work for the browser.
const limits = { spans: 20_000, characters: 400_000 };

/**
 * layout lays JSON text out with two spaces a level. It stops at the first thing that is not JSON, with an error
 * and what it has so far, and when it has filled the limits.
 * @param {string} source
 * @returns {Layout}
 */
export function layout(source, limit = limits) {
  /** @type {Span[]} */
  const spans = [];
  /** @type {string[]} */
  const open = []; // the brackets we are inside of
  let plain = ""; // punctuation and whitespace that is not yet in spans
  let length = 0; // of the text in spans
  let want = "value"; // "value", "value or end", "key", "key or end", "colon", "comma or end", "nothing"

  const newline = () => "\n" + "  ".repeat(Math.min(open.length, indentLimit));
  /** @param {string} kind @param {string} text */
  const push = (kind, text) => {
    if (plain) spans.push({ kind: "", text: plain });
    if (text) spans.push({ kind, text });
    length += plain.length + text.length;
    plain = "";
  };
  /** @param {string} error */
  const finish = (error, cut = false) => {
    push("", "");
    return { spans, error, cut };
  };

  for (let at = 0; ; ) {
    if (spans.length > limit.spans || length + plain.length > limit.characters) return finish("", true);
    token.lastIndex = at;
    const m = token.exec(source);
    if (!m) {
      const rest = source.slice(at).trimStart();
      if (rest !== "") return finish(unexpected(rest, source));
      if (want === "nothing") return finish("");
      return finish(source.trim() === "" ? "it is empty" : "it ends too early");
    }
    const [, mark, string, number, word] = m;
    const text = mark ?? string ?? number ?? word;
    const start = token.lastIndex - text.length;
    at = token.lastIndex;

    const atValue = want === "value" || want === "value or end";
    const atKey = want === "key" || want === "key or end";
    const atEnd = want === "comma or end" || want === "value or end" || want === "key or end";

    if (string !== undefined && atKey) {
      push("key", text);
      want = "colon";
    } else if (mark === undefined && atValue) {
      push(string !== undefined ? "string" : number !== undefined ? "number" : "word", text);
      want = open.length ? "comma or end" : "nothing";
    } else if ((mark === "{" || mark === "[") && atValue) {
      open.push(mark);
      closing.lastIndex = at;
      plain += mark + (closing.test(source) ? "" : newline());
      want = mark === "{" ? "key or end" : "value or end";
    } else if (((mark === "}" && open.at(-1) === "{") || (mark === "]" && open.at(-1) === "[")) && atEnd) {
      open.pop();
      plain += (want === "comma or end" ? newline() : "") + mark;
      want = open.length ? "comma or end" : "nothing";
    } else if (mark === ":" && want === "colon") {
      plain += ": ";
      want = "value";
    } else if (mark === "," && want === "comma or end") {
      plain += "," + newline();
      want = open.at(-1) === "{" ? "key" : "value";
    } else {
      return finish(unexpected(source.slice(start), source));
    }
  }
}

/**
 * @param {string} rest    the text from the offending character on
 * @param {string} source
 */
function unexpected(rest, source) {
  const [first] = rest.slice(0, 2);
  return "unexpected " + first + " at character " + (source.length - rest.length + 1).toLocaleString("en");
}

/**
 * stringText undoes the escapes of a JSON string token, for links. Null when it is not one.
 * @param {string} token
 * @returns {string | null}
 */
export function stringText(token) {
  try {
    const text = JSON.parse(token);
    return typeof text === "string" ? text : null;
  } catch {
    return null;
  }
}
