// @ts-check
// The trigger view: a test event of any type, in every detail, as often as wanted and broken in every way; and courses
// of events. What is seen is what is sent: the server makes each preview.

import { Component, html } from "../vendor/htm-preact.js";
import { kindOf, plural } from "../common/text.js";
import { Refused, call, message } from "../state/session.js";
import { edits, leaves } from "./shape.js";
import { Amounts, Fields, Others, Tampers, When } from "./volleyform.js";
import { memory, touched } from "./volleymemory.js";
import { Command, Preview, Scenarios, Sending } from "./volleysend.js";
import { blank, clockText, mistake, volley } from "./wish.js";

/** @typedef {import("../state/model.js").Model} Model */
/** @typedef {import("./wish.js").Form} Form */
/** @typedef {import("../types.js").Volley} Volley */
/** @typedef {import("../types.js").VolleySample} VolleySample */
/** @typedef {import("../types.js").VolleyKit} VolleyKit */
/** @typedef {import("../types.js").VolleyJob} VolleyJob */

const typingPause = 150; // ms without a change before a preview is asked for
const jobPause = 250; // ms between two looks at what is being sent

export default class Trigger extends Component {
  constructor() {
    super();
    this.state = {
      kit: /** @type {VolleyKit | null} */ (null), job: /** @type {VolleyJob | null} */ (null),
      trouble: "", wrong: "", n: 0, busy: false, fresh: false,
    };
    this.asked = 0;
    this.timer = 0;
    this.jobTimer = 0;
    this.gone = false;
    this.rolling = false; // the next sample's seed goes into the form
  }

  /** @returns {Model} */
  get model() {
    return /** @type {any} */ (this.props).model;
  }

  get event() {
    const events = this.model.status?.events ?? [];
    return events.includes(memory.event) ? memory.event : (events[0] ?? "");
  }

  /** @returns {Form} */
  get form() {
    const form = memory.forms.get(this.event) ?? { ...blank(), at: clockText() };
    memory.forms.set(this.event, form);
    return form;
  }

  /** made is the event before it was changed. */
  get made() {
    try {
      return JSON.parse(memory.samples.get(this.event)?.made ?? "null");
    } catch {
      return null;
    }
  }

  componentDidMount() {
    this.begin();
  }

  componentDidUpdate() {
    if (!this.begun && this.event) this.begin();
  }

  componentWillUnmount() {
    this.gone = true;
    clearTimeout(this.timer);
    clearTimeout(this.jobTimer);
  }

  /** begin reads what there is to choose from, and shows the first preview. */
  async begin() {
    if (!this.event) return;
    this.begun = true;
    try {
      /** @type {VolleyKit} */
      const kit = await call("GET", "/api/volleys");
      if (this.gone) return;
      this.setState({ kit, job: this.state.job ?? kit.job, trouble: "" });
      if (kit.job?.state === "running") this.look(kit.job.id);
      await this.choose(this.event);
    } catch (err) {
      this.fail(err);
    }
  }

  /** @param {unknown} err */
  fail(err) {
    if (!this.gone) this.setState({ trouble: message(err) });
  }

  /** choose goes to a type of event, whose form is as it was left. @param {string} event */
  async choose(event) {
    memory.event = event;
    this.setState({ n: 0, wrong: "", fresh: false });
    try {
      if (!memory.shapes.has(event)) memory.shapes.set(event, leaves(await call("GET", "/api/schema/" + encodeURIComponent(event))));
    } catch (err) {
      return this.fail(err);
    }
    await this.preview();
  }

  /** change changes the form, and what is seen of it soon after. @param {Partial<Form>} changes */
  change(changes) {
    Object.assign(this.form, changes);
    this.setState({ fresh: false });
    this.asked++; // a preview that is on its way shows what the form was
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.preview(), typingPause);
  }

  /** wish is what the form wants now. @returns {Volley} */
  wish() {
    return volley(this.form, this.event, edits(this.form, memory.shapes.get(this.event) ?? [], this.made));
  }

  /** preview has the server make one of the requests. @param {number} n   which, from 0 @returns {Promise<void>} */
  async preview(n = this.state.n, again = false) {
    const { event, form } = this;
    const asked = ++this.asked;
    clearTimeout(this.timer);
    const wrong = mistake(form);
    if (wrong) return this.setState({ wrong });
    const wish = this.wish();
    try {
      /** @type {VolleySample} */
      const sample = await call("POST", "/api/sample", { ...wish, ...(n > 0 ? { n } : {}) });
      if (this.gone || asked !== this.asked) return;
      if (this.rolling || !memory.samples.has(event)) form.seed = String(sample.seed); // else somebody is about to type another one
      this.rolling = false;
      memory.samples.set(event, sample);
      this.setState({ n: sample.n, wrong: "", trouble: "", fresh: true });
      // Changes count from what was made, and that is known only now.
      if (!again && JSON.stringify(this.wish().edits) !== JSON.stringify(wish.edits)) await this.preview(n, true);
    } catch (err) {
      if (this.gone || asked !== this.asked) return;
      if (err instanceof Refused && n > 0 && /there is no request/.test(err.message)) return this.preview(0);
      if (err instanceof Refused) this.setState({ wrong: message(err) });
      else this.fail(err);
    }
  }

  /** roll makes another event of the same wishes. */
  roll() {
    this.form.seed = "";
    this.form.at = clockText();
    this.rolling = true;
    this.setState({ n: 0, fresh: false });
    this.preview(0);
  }

  async send() {
    if (!this.state.fresh) await this.preview();
    if (this.state.wrong || this.state.trouble) return this.model.say("Nothing was sent: " + (this.state.wrong || this.state.trouble), "bad");
    const sample = memory.samples.get(this.event);
    await this.start({ seed: sample?.seed, ...this.wish() }); // what is seen is what is sent
  }

  /** @param {string} scenario */
  play(scenario) {
    return this.start({ scenario });
  }

  /** start has a volley sent. @param {Volley} wish */
  async start(wish) {
    if (this.state.busy || this.state.job?.state === "running") return;
    this.setState({ busy: true });
    try {
      /** @type {VolleyJob} */
      const job = await call("POST", "/api/trigger", wish);
      if (this.gone) return;
      this.setState({ job });
      if (job.state === "running") this.look(job.id);
    } catch (err) {
      this.model.say("Nothing was sent: " + message(err), "bad");
    } finally {
      if (!this.gone) this.setState({ busy: false });
    }
  }

  /** look asks how far it has come, until it has ended. @param {string} id */
  look(id) {
    clearTimeout(this.jobTimer);
    if (this.gone) return;
    this.jobTimer = window.setTimeout(async () => {
      try {
        /** @type {VolleyJob} */
        const job = await call("GET", "/api/trigger/" + encodeURIComponent(id));
        if (this.gone || this.state.job?.id !== id) return;
        this.setState({ job });
        if (job.state === "running") this.look(id);
      } catch (err) {
        if (this.gone || this.state.job?.id !== id) return;
        if (err instanceof Refused) this.setState({ job: null }); // another run of pictap
        else this.look(id);
      }
    }, jobPause);
  }

  /** @param {string} id */
  async stop(id) {
    try {
      const job = await call("POST", "/api/trigger/" + encodeURIComponent(id) + "/stop", {});
      if (!this.gone) this.setState({ job });
    } catch (err) {
      this.model.say("It could not be stopped: " + message(err), "bad");
    }
  }

  /** @param {KeyboardEvent} e */
  key(e) {
    if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey)) return;
    e.preventDefault();
    this.send();
  }

  render() {
    const { model, event, form } = this;
    const { kit, job, trouble, wrong, n, busy, fresh } = this.state;
    if (model.status && !model.status.can_shape) return html`<div class="empty"><h3>Test events cannot be shaped here</h3><p>This pictap sends none from the page.</p></div>`;
    const events = model.status?.events ?? [];
    const shape = memory.shapes.get(event) ?? [];
    const sample = memory.samples.get(event);
    const changes = edits(form, shape, this.made).length;
    /** @param {Partial<Form>} changes */
    const change = (changes) => this.change(changes);
    const part = { model, form, change };
    return html`
      <div class="volley" onKeyDown=${(/** @type {KeyboardEvent} */ e) => this.key(e)}>
        <h2 class="unheard">Send a test event</h2>
        <div class="event-choice" role="group" aria-label="Type of event">
          ${events.map((e) => html`<button aria-pressed=${e === event} onClick=${() => this.choose(e)}><i class=${"kind " + kindOf(e)} aria-hidden="true" />${e}${
            touched(e) ? html`<small title="Its form has been changed"> •<span class="unheard"> changed</span></small>` : ""}</button>`)}
        </div>
        ${trouble && html`<p class="trouble" role="alert">${trouble} <button onClick=${() => this.begin()}>Try again</button></p>`}
        ${kit && html`<div class="volley-columns">
          <div class="volley-form">
            <${When} ...${part} event=${event} onRoll=${() => this.roll()} />
            <section aria-labelledby="volley-fields">
              <header><h3 id="volley-fields">The event <small>${changes > 0 ? plural(changes, "change", "changes") : "as it was made up"}</small></h3>
                ${changes + Object.keys(form.drafts).length > 0 && html`<button class="quiet" onClick=${() => change({ drafts: {}, removed: [], others: [] })}>undo all changes</button>`}</header>
              <${Fields} ...${part} leaves=${shape} made=${this.made} />
              <${Others} ...${part} leaves=${shape} />
            </section>
            <${Tampers} ...${part} kinds=${kit.tampers} />
            <${Amounts} ...${part} most=${kit.most} />
          </div>
          <div class="volley-side">
            <${Sending} model=${model} form=${form} job=${job} sample=${sample} wrong=${wrong} busy=${busy} onSend=${() => this.send()} onStop=${(/** @type {string} */ id) => this.stop(id)} />
            ${sample && html`<${Preview} model=${model} sample=${sample} n=${n} old=${!fresh} wrong=${wrong !== ""} late=${form.late || form.at.trim() === ""} onStep=${(/** @type {number} */ to) => this.preview(to)} />
              <${Command} model=${model} command=${sample.command} forwardTo=${model.status?.forward_to ?? ""} old=${!fresh} />`}
            <${Scenarios} list=${kit.scenarios} job=${job} busy=${busy} onPlay=${(/** @type {string} */ name) => this.play(name)} />
          </div>
        </div>`}
      </div>`;
  }
}
