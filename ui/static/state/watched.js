// @ts-check
// Something that is drawn whenever it changes, but not more often than is good for whoever looks at it.

const outOfSight = 1_000; // ms after which a change is told without a frame: a page that nobody sees has none, and its title says what is new
const quick = 4; // ms of rest that are not worth waiting for
const mostRest = 100; // ms

/**
 * Watched tells its watchers at most once a frame, and less often what takes them long to draw: half of the time is left
 * for scrolling and typing, and for the app that is being worked on.
 */
export class Watched {
  constructor() {
    /** @type {Set<() => void>} */
    this.watchers = new Set();
    this.scheduled = false;
    this.rested = 0; // when as much time will have passed since the last drawing as that took
  }

  /** watch calls f before the next frame after any change. @param {() => void} f */
  watch(f) {
    this.watchers.add(f);
    return () => this.watchers.delete(f);
  }

  /** changed is to be called after every change made from outside of this class. */
  changed() {
    if (this.scheduled) return;
    this.scheduled = true;
    let frame = 0;
    const tell = () => {
      cancelAnimationFrame(frame);
      clearTimeout(rest);
      clearTimeout(timer);
      this.scheduled = false;
      const began = performance.now();
      for (const f of this.watchers) f();
      setTimeout(() => (this.rested = 2 * performance.now() - began)); // when it has been drawn
    };
    const draw = () => (frame = requestAnimationFrame(tell));
    const timer = setTimeout(tell, outOfSight);
    const wait = Math.min(this.rested - performance.now(), mostRest);
    const rest = wait > quick ? setTimeout(draw, wait) : (draw(), 0);
  }
}
