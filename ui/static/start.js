// What cannot wait for the modules, which run when all of them have come.
//
// The colours come before anything is drawn.
// <html data-theme> always says "light" or "dark"; data-chosen says what was chosen: "auto" follows the system. A change
// of colours is announced on the document as "themechange", for what draws them itself.

(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  /** @param {Event=} e */
  const apply = (e) => {
    if (e instanceof StorageEvent && e.key !== null && e.key !== "pictap.theme") return; // another tab keeps something else
    let chosen = null;
    try {
      chosen = localStorage.getItem("pictap.theme");
    } catch {
      // a browser that keeps nothing follows the system
    }
    root.dataset.chosen = chosen === "light" || chosen === "dark" ? chosen : "auto";
    root.dataset.theme = root.dataset.chosen === "auto" ? (dark.matches ? "dark" : "light") : root.dataset.chosen;
    document.dispatchEvent(new Event("themechange"));
  };
  dark.addEventListener("change", apply);
  addEventListener("storage", apply); // another tab has chosen
  document.addEventListener("themechosen", apply);
  apply();
})();

// What the page asks for first is asked for now: the token, for the code in the address, and with it the newest rows.
// session.js takes the answers, each once, and asks itself where there is none.
(() => {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  /** @type {Map<string, Promise<Response | undefined>>} */
  const early = (/** @type {any} */ (window).early = new Map());
  /** @type {Promise<string>} */
  let token = Promise.resolve(sessionStorage.getItem("token") ?? "");
  if (code) {
    const session = fetch("/api/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code }), redirect: "error" });
    early.set("/api/session", session);
    token = session.then((answer) => (answer.ok ? answer.clone().json() : {})).then((grant) => grant.token ?? "");
  }
  const rows = "/api/deliveries?limit=100"; // as reader.js asks for them
  early.set(rows, token.then((t) => (t ? fetch(rows, { headers: { Authorization: "Bearer " + t }, redirect: "error" }) : undefined)));
  for (const asked of early.values()) asked.catch(() => {}); // whoever takes it finds out
})();
