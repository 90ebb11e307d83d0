// @ts-check
// What the page asks the store for: the list from its newest end downwards, what a search finds, and what has become
// of either meanwhile.
//
// The list of all follows by the live socket. A search, and a list that was paused, follow by asking what has changed
// since the revision that they are at; the socket only says that there is something to ask for. Both ways count
// revisions, so a cut of any length, or a restart of pictap, leaves neither gaps nor doubles.

import { isHollow, Rows } from "./rows.js";
import { Refused, call, message } from "./session.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("../types.js").Page} Page */
/** @typedef {import("../types.js").Changes} Changes */
/** @typedef {import("../types.js").Detail} Detail */

const firstStep = 100; // rows of a list's first step: as fast as can be
const laterSteps = 1_000;
const fillSteps = 200; // rows that get their content back at once
const settle = 90; // ms after a letter before a search is made
const lookOn = 60; // ms that a search without a match looks on before it says so
const breath = 60; // ms between two questions for changes
const again = 2_000; // ms before something that was refused is tried again
const countEvery = 5_000; // ms between two counts of what is stored, while something arrives

export class Reader {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.wanted = ""; // the search that is asked for
    this.timer = 0;
    this.filling = false;
    this.counting = 0; // the timer of the next count
    this.counted = -1; // the revision of the last one
    this.missed = false; // the search that is asked for could not be made: pictap was away
    this.lookedFor = 0; // the delivery that was last looked for outside of the lists
    /** The search whose first step is on its way. @type {AbortController | null} */
    this.first = null;
    model.watch(() => this.look());
  }

  /** look sees to whatever the model now wants. */
  look() {
    const { model } = this;
    const q = model.place.q.trim();
    if (q !== this.wanted) {
      this.wanted = q;
      model.trouble = null;
      this.first?.abort();
      model.searching = q !== "";
      clearTimeout(this.timer);
      if (q) this.timer = window.setTimeout(() => this.find(), settle);
      else this.clear();
    }
    if (model.connection !== "live") return;
    if (this.missed) this.find();
    if (model.found) this.follow(model.found);
    if (model.found?.more && model.rows.length === 0) this.step(); // with lines to show, the list says when it wants more
    if (model.behind) this.follow(model.all);
    this.lookFor(model.opened);
    this.count();
  }

  /** hurry makes the search that is asked for now. */
  hurry() {
    this.look();
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.find();
  }

  clear() {
    const { model } = this;
    this.timer = 0;
    this.missed = false;
    model.trouble = null;
    model.searching = model.blank = false;
    if (model.found) model.show(null, "");
  }

  /** restart reads everything anew: the store is another, or has gone on without us for too long. */
  restart() {
    const { model } = this;
    model.startOver();
    this.begin();
  }

  /** begin reads what there is to read when the lists are empty. It is done when the first rows are there. */
  async begin() {
    this.first?.abort();
    const rows = this.step(this.model.all);
    if (this.wanted) {
      clearTimeout(this.timer);
      this.find();
    }
    await rows;
  }

  /** find makes the first step of the search that is asked for. What was found last stays until then. */
  async find() {
    const { model } = this;
    const q = this.wanted;
    this.first?.abort();
    const control = (this.first = new AbortController());
    this.timer = 0;
    this.missed = false;
    model.searching = true;
    model.changed();
    const list = new Rows(q);
    const until = performance.now() + lookOn;
    try {
      do {
        list.begin();
        const page = await this.page(list, firstStep, control.signal);
        control.signal.throwIfAborted();
        list.q = page.q;
        list.step(page);
      } while (list.rows.length === 0 && list.more && performance.now() < until);
      model.trouble = null;
      model.searching = false;
      model.show(list, q);
    } catch (err) {
      if (control.signal.aborted) return;
      if (!(err instanceof Refused)) {
        this.missed = true; // look makes it when pictap is back
        return;
      }
      model.searching = model.blank = false;
      if (err.answer?.pos !== undefined) {
        model.trouble = { ...err.answer, q: model.place.q, at: performance.now() };
        setTimeout(() => model.changed(), 1_000); // who is still typing is told later
      } else model.say("The search could not be made: " + message(err), "bad");
    } finally {
      if (this.first === control) this.first = null;
      model.changed();
    }
  }

  /**
   * page asks for the next step of a list.
   * @param {Rows} list
   * @param {number} limit
   * @param {AbortSignal=} signal
   * @returns {Promise<Page>}
   */
  page(list, limit, signal) {
    const query = new URLSearchParams({ limit: String(limit) });
    if (list.loaded) query.set("before", String(list.next));
    if (list.q) query.set("q", list.q);
    return call("GET", "/api/deliveries?" + query, undefined, signal);
  }

  /** known tells whether a list is still one of the model's. @param {Rows} list */
  known(list) {
    return list === this.model.all || list === this.model.found;
  }

  /** step reads the newest rows of a list, or those older than what is here. @param {Rows} list */
  async step(list = this.model.list) {
    if (list.reading || (list.loaded && !list.more)) return;
    const { model } = this;
    list.reading = true;
    list.begin();
    try {
      const page = await this.page(list, list.loaded ? laterSteps : firstStep);
      if (this.known(list)) model.older(page, list);
    } catch (err) {
      // When the server is away, the socket ends too, and the next hello reads what is missing.
      if (!(err instanceof Refused) || !this.known(list)) return;
      model.say("The list could not be read: " + message(err), "bad");
      await new Promise((done) => setTimeout(done, again)); // nobody makes this step before that
    } finally {
      list.reading = false;
      model.changed();
    }
    if (!list.loaded && this.known(list)) this.step(list); // later ones are made when they are wanted
  }

  /** follow brings a list up to where the socket is. @param {Rows} list */
  async follow(list) {
    const { model } = this;
    if (list.catching || !list.loaded || model.paused || list.rev >= model.rev) {
      if (list === model.all && !model.paused && list.loaded && list.rev >= model.rev) model.behind = false;
      return;
    }
    list.catching = true;
    try {
      for (let more = true; this.known(list) && !model.paused && (more || list.rev < model.rev); ) {
        const query = new URLSearchParams({ since: String(list.rev) });
        if (list.q) query.set("q", list.q);
        /** @type {Changes} */
        const c = await call("GET", "/api/changes?" + query);
        if (!this.known(list) || model.paused) return;
        if (c.reset) return this.restart();
        model.catchUp(list, c);
        more = c.more;
        if (!more && list.rev >= model.rev) break;
        if (!more) await new Promise((done) => setTimeout(done, breath));
      }
      if (list === model.all && list.rev >= model.rev) model.behind = model.paused;
    } catch (err) {
      if (err instanceof Refused) setTimeout(() => model.changed(), again); // else the next hello looks again
    } finally {
      list.catching = false;
      model.changed();
    }
  }

  /** resume lets the lists go on after a pause. */
  resume() {
    const { model } = this;
    const { stale } = model;
    model.pause(false);
    if (stale) this.restart();
  }

  /**
   * fill reads the content of rows that are in view and hollow.
   * @param {number} first   lines of the list
   * @param {number} end
   */
  async fill(first, end) {
    const { model } = this;
    const { list } = model;
    const lines = list.rows.slice(Math.max(0, list.rows.length - end), list.rows.length - first);
    const top = lines.findLast(isHollow);
    if (!top || this.filling) return;
    this.filling = true;
    try {
      const before = top.seq + 1;
      const query = new URLSearchParams({ limit: String(fillSteps), before: String(before) });
      if (list.q) query.set("q", list.q);
      const page = await call("GET", "/api/deliveries?" + query);
      if (!this.known(list)) return;
      list.fill(page, before);
      list.trim(model.following, model.firstLine);
    } catch {
      await new Promise((done) => setTimeout(done, again)); // the line says "…" until then
    } finally {
      this.filling = false;
      model.changed();
    }
  }

  /** lookFor reads what is open when no list has it. @param {number} seq */
  async lookFor(seq) {
    const { model } = this;
    const want = seq + model.hellos / 1e6; // once for each connection
    if (!seq || model.row(seq)) this.lookedFor = 0; // it may be gone when somebody comes back to it
    if (!seq || !model.all.loaded || model.row(seq) || this.lookedFor === want) return;
    this.lookedFor = want;
    try {
      /** @type {Detail} */
      const d = await call("GET", "/api/deliveries/d" + seq);
      model.missing = 0;
      if (model.opened === seq && (model.row(seq)?.rev ?? -1) < d.rev) model.aside = d;
    } catch (err) {
      if (err instanceof Refused && err.status === 404) model.missing = seq;
      else if (!(err instanceof Refused)) this.lookedFor = 0; // pictap is away: the next connection looks again
    }
    model.changed();
  }

  /** count asks now and then how many are stored: arrivals alone do not say, since old ones make room for new ones. */
  async count() {
    const { model } = this;
    const list = model.all;
    if (this.counting || !list.loaded || model.paused || this.counted === model.rev) return;
    this.counting = window.setTimeout(() => {
      this.counting = 0;
      this.count(); // what came last is counted too
    }, countEvery);
    this.counted = model.rev;
    try {
      const c = await call("GET", "/api/changes?limit=1&since=" + model.rev);
      if (list === model.all) list.total = c.total;
    } catch {
      // the next time
    }
    model.changed();
  }
}
