// @ts-check
// What this browser keeps for the page from one visit to the next: what somebody likes, and what they have marked.
// Never the token, nor anything else that opens a door: every page of this origin's name and port could read it here.

/** load reads what is kept; null when there is nothing, or the browser keeps nothing. @param {string} key */
export function load(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // it is full, or the browser keeps nothing: then it is forgotten with this tab
  }
}

/** @param {string} key */
export function drop(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // then nothing was kept
  }
}
