// @ts-check
// The live connection: one socket, resumed by revision for as long as the page is open.
//
// Every change to any delivery has a number. The page knows the last one it saw and asks for what came after, so a
// cut of any length, or a restart of pictap, ends in the same list as having been there all along.

import { Locked, call, lookout, protocols, take } from "./session.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Status} Status */

/**
 * What is true of the connection. "connecting" only before the first success; "lost" between tries; "locked" when
 * the page needs its link.
 * @typedef {"connecting" | "live" | "lost" | "locked"} Connection
 */

/**
 * What the connection tells.
 * @typedef {object} Listener
 * @property {(c: Connection) => void} connection
 * @property {(s: Status) => void} status
 * @property {() => number} since              the last revision known, -1 for none
 * @property {() => string} epoch              the store it belongs to, "" for none
 * @property {(f: Frame) => void} frame
 */

const silence = 25_000; // ms without a frame after which the line is taken for dead; the server beats every 10 s
const slowest = 2_000; // ms between tries: the server is on this machine, trying costs nothing

/**
 * follow keeps the page connected. It never gives up and never returns.
 * @param {Listener} listener
 */
export async function follow(listener) {
  listener.connection("connecting");
  for (let failures = 0; ; ) {
    try {
      // This comes first because a browser does not say why a socket was refused, and this call renews the token.
      listener.status(await call("GET", "/api/status"));
      await socket(listener, () => {
        failures = 0;
        listener.connection("live");
      });
      listener.connection("lost");
    } catch (err) {
      if (err instanceof Locked) {
        listener.connection("locked");
        await unlocked();
        continue;
      }
      if (failures > 0) listener.connection("lost");
    }
    await pause(Math.min(100 * 2 ** failures++, slowest));
  }
}

/**
 * socket follows one connection to its end.
 * @param {Listener} listener
 * @param {() => void} opened   called at the first frame
 * @returns {Promise<void>}
 */
function socket(listener, opened) {
  return new Promise((resolve) => {
    const query = new URLSearchParams({ since: String(listener.since()), epoch: listener.epoch() });
    const ws = new WebSocket("ws://" + location.host + "/api/live?" + query, protocols());
    let heard = Date.now();
    const watch = setInterval(() => {
      if (Date.now() - heard > silence) end();
    }, 5_000);
    const end = () => {
      clearInterval(watch);
      ws.onmessage = ws.onclose = null; // a dead line may take a minute to close, and speaks for nobody
      ws.close();
      resolve();
    };
    ws.onmessage = (e) => {
      heard = Date.now();
      /** @type {Frame} */
      const frame = JSON.parse(e.data);
      if (frame.type === "hello") opened();
      listener.frame(frame);
    };
    ws.onclose = end;
  });
}

/**
 * pause waits, or less when the page is looked at again or the network returns.
 * @param {number} ms
 * @returns {Promise<void>}
 */
function pause(ms) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", done);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    document.addEventListener("visibilitychange", done);
    addEventListener("online", done);
  });
}

/**
 * unlocked waits for a link opened in this tab, or for another tab to be let in. This tab also tries when it is looked at.
 * @returns {Promise<void>}
 */
function unlocked() {
  return new Promise((resolve) => {
    const again = async () => {
      removeEventListener("hashchange", again);
      removeEventListener("focus", again);
      settle();
      await take().catch(() => false);
      resolve();
    };
    addEventListener("hashchange", again);
    addEventListener("focus", again);
    const settle = lookout(again);
  });
}
