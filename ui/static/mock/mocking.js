// @ts-check
// What the mock's view counts with.

import { useEffect, useState } from "../vendor/htm-preact.js";

/** @typedef {import("../types.js").MockEntry} MockEntry */

/** How many entries of the journal the page keeps. */
export const kept = 500;

/**
 * nextDue says how long it is until something: "now", "in 0.4 s", "in 42 s", "in 4 min 10 s", "in 1 h 59 min".
 * @param {number} ms
 */
export function nextDue(ms) {
  if (ms <= 0) return "now";
  if (ms < 10_000) return "in " + (ms / 1000).toFixed(1) + " s";
  const s = Math.round(ms / 1000);
  if (s < 60) return "in " + s + " s";
  if (s < 3600) return "in " + Math.floor(s / 60) + " min " + (s % 60) + " s";
  const m = Math.round(s / 60);
  return "in " + Math.floor(m / 60) + " h " + (m % 60) + " min";
}

/** useNow is the time, told again every so many ms; 0 tells it once. @param {number} ms @returns {number} */
export function useNow(ms) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!ms) return;
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now;
}

/**
 * joined adds new entries, the oldest first, to those that are here, and keeps the newest.
 * @param {MockEntry[]} old
 * @param {MockEntry[]} fresh
 * @returns {MockEntry[]}
 */
export function joined(old, fresh) {
  const last = old.at(-1)?.seq ?? 0;
  const news = fresh.filter((e) => e.seq > last);
  return news.length === 0 ? old : old.concat(news).slice(-kept);
}

/** what tells what follows from a delivery that was not received. @param {MockEntry} e */
export function follows(e) {
  if (e.gave_up) return "given up" + (e.subscription ? ", its subscription is disabled" : "");
  return e.wait ? "again after " + e.wait : "";
}
