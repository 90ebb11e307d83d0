// The colours, before anything is drawn. Not a module: those run too late for the first frame.
//
// <html data-theme> always says "light" or "dark"; data-chosen says what was chosen: "auto" follows the system. A change
// of colours is announced on the document as "themechange", for what draws them itself.

(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
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
