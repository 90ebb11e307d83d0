// @ts-check
// Reading from the API what a view shows, again when something has happened.

import { useEffect, useRef, useState } from "../vendor/htm-preact.js";
import { call, message } from "./session.js";

/** @typedef {import("./model.js").Model} Model */

/**
 * A Reading is what was read last. What is shown stays while it is read anew, and when that fails.
 * @template T
 * @typedef {object} Reading
 * @property {T | null} data
 * @property {string} trouble       why it could not be read the last time, "" if it could
 * @property {() => void} again     reads it now
 */

/**
 * useReading reads `path` at once, and again whenever a delivery has changed or `key` has, but not more often than each
 * `pause` ms; with `tick`, also when so many ms have passed. While pictap is away it waits.
 * @param {Model} model
 * @param {string | (() => string)} path    asked anew each time when it is a function
 * @param {{key?: string, pause?: number, tick?: number}=} how
 * @returns {Reading<any>}
 */
export function useReading(model, path, { key = "", pause = 2_000, tick = 0 } = {}) {
  const [answer, setAnswer] = useState(/** @type {{data: any, trouble: string}} */ ({ data: null, trouble: "" }));
  const [turn, setTurn] = useState(0);
  const own = useRef(/** @type {any} */ ({ turn: -1, key: "", at: 0, asked: 0, live: true })).current;
  const live = model.connection === "live";

  useEffect(() => {
    if (!live) return;
    const hurry = own.turn !== turn || own.key !== key;
    own.turn = turn;
    own.key = key;
    const timer = setTimeout(async () => {
      own.at = performance.now();
      const asked = ++own.asked;
      try {
        const data = await call("GET", typeof path === "function" ? path() : path);
        if (own.live && own.asked === asked) setAnswer({ data, trouble: "" });
      } catch (err) {
        if (own.live && own.asked === asked) setAnswer((/** @type {any} */ old) => ({ ...old, trouble: message(err) }));
      }
    }, hurry ? 0 : Math.max(0, own.at + pause - performance.now()));
    return () => clearTimeout(timer);
  }, [turn, key, live, model.rev, model.hellos]);

  useEffect(() => {
    if (!tick) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") setTurn((/** @type {number} */ n) => n + 1);
    }, tick);
    return () => clearInterval(timer);
  }, [tick]);

  useEffect(() => {
    own.live = true;
    return () => {
      own.live = false;
    };
  }, []);
  return { ...answer, again: () => setTurn((/** @type {number} */ n) => n + 1) };
}

/** useClock renders again every so many ms, for what says "12 s ago". @param {number} ms */
export function useClock(ms) {
  const [, setNow] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
}
