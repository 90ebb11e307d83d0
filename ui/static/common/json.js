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

/**
 * What {@link scan} tells of: places in the source, in its order. One that returns true ends the scan.
 * @typedef {object} Visitor
 * @property {(start: number, end: number) => boolean | void} key
 * @property {(kind: string, start: number, end: number) => boolean | void} value   "string", "number" or "word"
 * @property {(mark: string, start: number) => boolean | void} open                 "{" or "["
 * @property {(mark: string, start: number) => boolean | void} close
 */

const token = /[ \t\r\n]*(?:([{}[\]:,])|("[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))/y;
const indentLimit = 40; // levels; beyond it a deep document would be mostly spaces

// What a reader gets at once. 20,000 coloured words are about a frame's worth of work for the browser.
const limits = { spans: 20_000, characters: 400_000 };

/**
 * scan reads JSON text and tells what there is. It stops at the first thing that is not JSON.
 * @param {string} source
 * @param {Visitor} visit
 * @returns {{error: string, stopped: boolean}}   "" or what makes this not JSON; whether the visitor has ended it
 */
export function scan(source, visit) {
  /** @type {string[]} */
  const open = []; // the brackets we are inside of
  let want = "value"; // "value", "value or end", "key", "key or end", "colon", "comma or end", "nothing"
  for (let at = 0; ; ) {
    token.lastIndex = at;
    const m = token.exec(source);
    if (!m) {
      const rest = source.slice(at).trimStart();
      if (rest !== "") return { error: unexpected(rest, source), stopped: false };
      if (want === "nothing") return { error: "", stopped: false };
      return { error: source.trim() === "" ? "it is empty" : "it ends too early", stopped: false };
    }
    const [, mark, string, number, word] = m;
    at = token.lastIndex;
    const start = at - (mark ?? string ?? number ?? word).length;

    const atValue = want === "value" || want === "value or end";
    const atKey = want === "key" || want === "key or end";
    const atEnd = want === "comma or end" || want === "value or end" || want === "key or end";

    /** @type {boolean | void} */
    let stop = false;
    if (string !== undefined && atKey) {
      stop = visit.key(start, at);
      want = "colon";
    } else if (mark === undefined && atValue) {
      stop = visit.value(string !== undefined ? "string" : number !== undefined ? "number" : "word", start, at);
      want = open.length ? "comma or end" : "nothing";
    } else if ((mark === "{" || mark === "[") && atValue) {
      open.push(mark);
      stop = visit.open(mark, start);
      want = mark === "{" ? "key or end" : "value or end";
    } else if (((mark === "}" && open.at(-1) === "{") || (mark === "]" && open.at(-1) === "[")) && atEnd) {
      open.pop();
      stop = visit.close(mark, start);
      want = open.length ? "comma or end" : "nothing";
    } else if (mark === ":" && want === "colon") {
      want = "value";
    } else if (mark === "," && want === "comma or end") {
      want = open.at(-1) === "{" ? "key" : "value";
    } else {
      return { error: unexpected(source.slice(start), source), stopped: false };
    }
    if (stop) return { error: "", stopped: true };
  }
}

/**
 * layout lays JSON text out with two spaces a level. It stops at the first thing that is not JSON, with an error
 * and what it has so far, and when it has filled the limits.
 * @param {string} source
 * @returns {Layout}
 */
export function layout(source, limit = limits) {
  /** @type {Span[]} */
  const spans = [];
  /** @type {number[]} */
  const members = []; // of each bracket that we are inside of
  let plain = ""; // punctuation and whitespace that is not yet in spans
  let length = 0; // of the text in spans
  let named = false; // a key stands before the next value

  const newline = () => "\n" + "  ".repeat(Math.min(members.length, indentLimit));
  const full = () => spans.length > limit.spans || length + plain.length > limit.characters;
  /** @param {string} kind @param {string} text */
  const push = (kind, text) => {
    if (plain) spans.push({ kind: "", text: plain });
    if (text) spans.push({ kind, text });
    length += plain.length + text.length;
    plain = "";
  };
  /** begin writes what stands before a member: nothing before a value that has its key. */
  const begin = () => {
    if (!named && members.length > 0) plain += (members[members.length - 1]++ > 0 ? "," : "") + newline();
    named = false;
  };
  const { error, stopped } = scan(source, {
    key(start, end) {
      begin();
      push("key", source.slice(start, end));
      plain += ": ";
      named = true;
      return full();
    },
    value(kind, start, end) {
      begin();
      push(kind, source.slice(start, end));
      return full();
    },
    open(mark) {
      begin();
      members.push(0);
      plain += mark;
      return full();
    },
    close(mark) {
      if (members.pop()) plain += newline();
      plain += mark;
      return full();
    },
  });
  push("", "");
  return { spans, error, cut: stopped };
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
