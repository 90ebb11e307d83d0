// @ts-check
// Who this page is to the server: the token, how it is got, and calls that carry it.
//
// A page starts with the one-time code in its address's fragment, or with what this tab kept. The token lives as
// long as one run of pictap. To outlive it, a page also holds a one-time resume key, which the next run on the same
// state takes for a token of its own. A page that holds neither asks its sisters in other tabs for an invitation:
// another one-time code, which only a page that is let in can get from the server.

import { parse, text } from "./place.js";

/** @typedef {import("../types.js").SessionGrant} SessionGrant */

/** The server said no. */
export class Refused extends Error {
  /** @param {number} status @param {string} message @param {any} answer its JSON, if it was any */
  constructor(status, message, answer = null) {
    super(message);
    this.status = status;
    this.answer = answer;
  }
}
/** Nothing that this page holds opens the server. */
export class Locked extends Error {}
/** The server cannot be reached. */
export class Unreachable extends Error {}

/** message puts into words what went wrong. @param {unknown} err */
export function message(err) {
  return err instanceof Error ? err.message : String(err);
}

const tabs = new BroadcastChannel("pictap");
const invitationWait = 1_500; // ms for the other tabs to answer
/** @type {Promise<void> | null} */
let renewing = null;

/**
 * take reads a code from the address, removes it there, and exchanges it. Without one it does nothing.
 * @returns {Promise<boolean>} whether there was one
 */
export async function take() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return false;
  const place = text(parse(location.hash));
  history.replaceState(null, "", location.pathname + place);
  try {
    keep(await exchange({ code }));
  } catch (err) {
    if (err instanceof Locked) return true; // a link used twice: what the tab kept may still do
    history.replaceState(null, "", "#code=" + code + place.replace("#", "&")); // it is as good as before
    throw err;
  }
  return true;
}

/**
 * call asks the API, renewing the token when the server no longer knows it.
 * @param {string} method
 * @param {string} path
 * @param {unknown=} body   sent as JSON; left out for GET
 * @param {AbortSignal=} signal   ends the call, and throws its reason
 * @returns {Promise<any>}  the answer's JSON
 */
export async function call(method, path, body, signal) {
  return (await request(method, path, body, signal)).json();
}

/**
 * request is {@link call} for any kind of answer.
 * @param {string} method
 * @param {string} path
 * @param {unknown=} body
 * @param {AbortSignal=} signal
 */
export async function request(method, path, body, signal) {
  for (let tries = 0; ; tries++) {
    const used = token();
    if (used) {
      const headers = { Authorization: "Bearer " + used };
      const soon = method === "GET" ? await early(path) : undefined;
      if (soon?.ok) return soon;
      const answer = await send(method, path, headers, body, signal);
      if (answer.ok) return answer;
      if (answer.status !== 401 || tries > 0) throw await refusal(answer);
    } else if (tries > 0) {
      throw new Locked("the page is locked");
    }
    if (renewing || token() === used) await renew(); // else another call has renewed it meanwhile
  }
}

/** protocols are what the live socket offers: the version we speak, and the token. */
export function protocols() {
  return ["pictap.v1", "token." + token()];
}

/** welcome answers the invitations that other tabs ask for. */
export function welcome() {
  tabs.addEventListener("message", async (e) => {
    if (e.data !== "invite me" || !token()) return;
    try {
      const { code } = await call("POST", "/api/invite", {});
      tabs.postMessage({ code });
    } catch {
      // then this page cannot help either
    }
  });
}

function token() {
  return sessionStorage.getItem("token") ?? "";
}

/** keep keeps what opens the server, and tells the tabs that wait for it. @param {SessionGrant} grant */
function keep(grant) {
  sessionStorage.setItem("token", grant.token);
  sessionStorage.setItem("resume", grant.resume);
  tabs.postMessage("one of us is in");
}

/** lookout calls back when another tab was let in, which may then invite this one, until the returned function is called. @param {() => void} seen */
export function lookout(seen) {
  /** @param {MessageEvent} e */
  const hear = (e) => {
    if (e.data === "one of us is in") seen();
  };
  tabs.addEventListener("message", hear);
  return () => tabs.removeEventListener("message", hear);
}

/** renew gets a new token, once for all calls that want one. Throws {@link Locked} when there is no way. */
function renew() {
  renewing ??= (async () => {
    try {
      const resume = sessionStorage.getItem("resume");
      sessionStorage.removeItem("token");
      if (resume && (await attempt({ resume }))) return;
      sessionStorage.removeItem("resume");
      const code = await invitation();
      if (code && (await attempt({ code }))) return;
      throw new Locked("the page is locked");
    } finally {
      renewing = null;
    }
  })();
  return renewing;
}

/** @param {{code: string} | {resume: string}} key */
async function attempt(key) {
  try {
    keep(await exchange(key));
    return true;
  } catch (err) {
    if (err instanceof Locked) return false;
    throw err;
  }
}

/**
 * early gives the answer to what start.js has asked for already, once; undefined when it has not, or got none.
 * @param {string} path
 * @returns {Promise<Response | undefined>}
 */
async function early(path) {
  /** @type {Map<string, Promise<Response | undefined>> | undefined} */
  const asked = /** @type {any} */ (window).early;
  const answer = asked?.get(path);
  asked?.delete(path);
  return answer?.catch(() => undefined);
}

/**
 * @param {{code: string} | {resume: string}} key
 * @returns {Promise<SessionGrant>}
 */
async function exchange(key) {
  const answer = (await early("/api/session")) ?? (await send("POST", "/api/session", {}, key));
  if (answer.status === 401) throw new Locked("the key is used or unknown");
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/** invitation asks the other tabs for a code, and gives "" when none answers. */
function invitation() {
  return new Promise((resolve) => {
    /** @param {MessageEvent} e */
    const hear = (e) => {
      if (typeof e.data?.code === "string") done(e.data.code);
    };
    /** @param {string} code */
    const done = (code) => {
      clearTimeout(timer);
      tabs.removeEventListener("message", hear);
      resolve(code);
    };
    const timer = setTimeout(done, invitationWait, "");
    tabs.addEventListener("message", hear);
    tabs.postMessage("invite me");
  });
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Record<string, string>} headers
 * @param {unknown=} body
 * @param {AbortSignal=} signal
 */
async function send(method, path, headers, body, signal) {
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), redirect: "error", signal });
  } catch {
    signal?.throwIfAborted();
    throw new Unreachable("pictap does not answer");
  }
}

/** @param {Response} answer */
async function refusal(answer) {
  const json = await answer.json().catch(() => null);
  return new Refused(answer.status, String(json?.error ?? "") || "pictap answered " + answer.status, json);
}
