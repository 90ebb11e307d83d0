// @ts-check
// Words and numbers as people read them. Pure functions.

/** @typedef {import("../types.js").Summary} Summary */
/** @typedef {import("../types.js").Attempt} Attempt */

// Characters that show nothing, move the cursor or turn the reading direction: C0 but tab and newline, DEL, C1,
// soft hyphen, Arabic letter mark, zero-width, bidi marks, embeddings and isolates, line and paragraph
// separators, BOM, interlinear anchors, tag characters, and halves of surrogate pairs.
const unseen =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

/**
 * visible returns text from outside with every character that would hide, or rearrange its neighbours, spelled
 * out as an escape, so that what is read is what was sent. Tabs and newlines stay.
 * @param {string} s
 */
export function visible(s) {
  return s.replace(unseen, (c) => {
    const n = /** @type {number} */ (c.codePointAt(0));
    return n < 0x100 ? "\\x" + n.toString(16).padStart(2, "0") : "\\u{" + n.toString(16) + "}";
  });
}

/**
 * oneLine is {@link visible} for a place that has one line: tabs and newlines are spelled out too.
 * @param {string} s
 */
export function oneLine(s) {
  return visible(s).replace(/\n/g, "\\n").replace(/\t/g, "\\t");
}

/**
 * duration writes milliseconds with as many digits as mean something: "0.4 ms", "38 ms", "1.2 s", "2 min 5 s".
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 9.95) return ms.toFixed(1) + " ms";
  if (ms < 999.5) return ms.toFixed(0) + " ms";
  if (ms < 59_950) return (ms / 1000).toFixed(1) + " s";
  const s = Math.round(ms / 1000);
  return Math.floor(s / 60) + " min " + (s % 60) + " s";
}

/**
 * size writes a number of bytes: "312 B", "4.1 kB", "1.2 MB".
 * @param {number} n
 */
export function size(n) {
  if (n < 1000) return n + " B";
  if (n < 999_950) return (n / 1000).toFixed(1) + " kB";
  return (n / 1e6).toFixed(1) + " MB";
}

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dayFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const minuteFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exactFormat = new Intl.DateTimeFormat(undefined, {
  weekday: "short", day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23", timeZoneName: "short",
});

/**
 * clock gives the local time of day, "10:42:07".
 * @param {Date} at
 */
export function clock(at) {
  return clockFormat.format(at);
}

/**
 * when is what a list says of a moment: the time of day, and on another day than now's that day, "Jan 29 10:42".
 * @param {Date} at
 * @param {Date} now
 */
export function when(at, now) {
  return at.toDateString() === now.toDateString() ? clock(at) : dayFormat.format(at) + " " + minuteFormat.format(at);
}

/**
 * exact is the whole truth about a moment, for tooltips.
 * @param {Date} at
 */
export function exact(at) {
  return exactFormat.format(at);
}

/**
 * ago says how long before now a moment was: "just now", "12 s ago", "3 min ago", "2 h ago", "4 days ago".
 * @param {Date} at
 * @param {Date} now
 */
export function ago(at, now) {
  const s = Math.round((now.getTime() - at.getTime()) / 1000);
  if (s < 2) return "just now";
  if (s < 60) return s + " s ago";
  if (s < 3600) return Math.floor(s / 60) + " min ago";
  if (s < 2 * 86_400) return Math.floor(s / 3600) + " h ago";
  return Math.floor(s / 86_400) + " days ago";
}

/**
 * plural gives "1 delivery", "12,000 deliveries".
 * @param {number} n
 * @param {string} one
 * @param {string} many
 */
export function plural(n, one, many) {
  return n.toLocaleString() + " " + (n === 1 ? one : many);
}

/** Each verdict: its label in the list, its sentence in the detail. */
const verdicts = /** @type {Record<string, [string, string]>} */ ({
  "valid": ["valid", "The signature is valid: these are the bytes that were signed."],
  "unsigned": ["unsigned", "There is no signature, so anyone may have sent this."],
  "malformed": ["malformed", "The signature header cannot be read."],
  "stale": ["stale", "The signature is authentic, but its time is too far from now."],
  "mismatch": ["mismatch", "The signature does not match: signed with another secret, or changed on the way."],
  "unknown-secret": ["no secret", "It came in by a path whose secret is not known, so it could not be checked."],
});

/** @param {string} verdict */
export function verdictLabel(verdict) {
  return verdicts[verdict]?.[0] ?? oneLine(verdict);
}

/** @param {string} verdict */
export function verdictSentence(verdict) {
  return verdicts[verdict]?.[1] ?? "Verdict: " + oneLine(verdict);
}

/**
 * outcome is how the app took a delivery, in the few words of a list row. Tone is "ok", "warn", "bad" or "quiet".
 * @param {Summary} d
 * @returns {{text: string, tone: string, took: string}}
 */
export function outcome(d) {
  const last = d.attempts.at(-1);
  if (d.state === "waiting") return { text: "waiting", tone: "warn", took: "" };
  if (!last) return { text: d.verdict === "valid" ? "recorded" : "not sent", tone: "quiet", took: "" };
  return { text: answer(last), tone: answerTone(last), took: duration(last.duration_ms) };
}

/** @param {Attempt} a */
export function answer(a) {
  return a.status === 0 ? "no answer" : String(a.status);
}

/** @param {Attempt} a */
export function answerTone(a) {
  if (a.status >= 200 && a.status < 300) return "ok";
  return a.status >= 300 && a.status < 400 ? "warn" : "bad";
}

/**
 * journey tells what became of a delivery, in a sentence.
 * @param {Summary} d
 * @param {string} forwardTo
 */
export function journey(d, forwardTo) {
  const last = d.attempts.at(-1);
  if (d.state === "waiting") {
    return last
      ? "Waiting for the app: the last try got " + (last.status ? "status " + last.status : "no answer") + ". It is sent again as soon as the app answers."
      : "Waiting for the app: it is sent as soon as " + (forwardTo ? oneLine(forwardTo) : "the app") + " answers.";
  }
  if (!last) {
    if (d.verdict !== "valid") return "Recorded, and not forwarded: only verified deliveries reach the app.";
    return "Recorded only: there was nowhere to forward it to.";
  }
  const took = " in " + duration(last.duration_ms);
  const how = last.kind === "replay" ? "Replayed" : "Forwarded";
  if (last.status === 0) return how + ", and there was no answer" + (last.error ? ": " + oneLine(last.error) : ".");
  if (answerTone(last) === "ok") return how + "; the app answered " + last.status + took + ".";
  if (answerTone(last) === "warn") return how + "; the app answered with a redirect (" + last.status + took + "), which is not followed.";
  return how + "; the app answered " + last.status + took + ", which Pictify would count as a failure.";
}

/**
 * webLink returns the address when text from outside may become a link: http(s), a host, no user name that could
 * pose as one, and nothing unseen in it. Else "".
 * @param {string} s
 */
export function webLink(s) {
  if (!/^https?:\/\//i.test(s) || s.length > 2048 || /[\s\\]/.test(s) || oneLine(s) !== s) return "";
  try {
    const url = new URL(s);
    const web = url.protocol === "http:" || url.protocol === "https:";
    return web && url.hostname !== "" && url.username === "" && url.password === "" ? url.href : "";
  } catch {
    return "";
  }
}

/**
 * kindOf names the family and the ending of an event type, for its mark. Only known words come out, so it is safe as
 * a class name.
 * @param {string} event
 */
export function kindOf(event) {
  const [family, ending] = event.split(".");
  const known = family === "render" || family === "batch" || family === "binding" ? family : "other";
  return known + (ending === "failed" ? " failed" : "");
}

/**
 * hexLines shows bytes, some a line: offset, hex, and what is ASCII among them.
 * @param {Uint8Array} bytes
 * @param {number} offset   of the first of them
 * @param {number} per      bytes of a line
 */
export function hexLines(bytes, offset = 0, per = 16) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += per) {
    const part = [...bytes.subarray(at, at + per)];
    const hex = part.map((b) => b.toString(16).padStart(2, "0")).join(" ");
    const ascii = part.map((b) => (b > 0x1f && b < 0x7f ? String.fromCharCode(b) : ".")).join("");
    lines.push((offset + at).toString(16).padStart(6, "0") + "  " + hex.padEnd(3 * per - 1) + "  " + ascii);
  }
  return lines.join("\n");
}

/** sentence gives words from a log the look of a sentence. @param {string} s */
export function sentence(s) {
  return s.charAt(0).toUpperCase() + s.slice(1) + (/[.!?…]$/.test(s) ? "" : ".");
}
