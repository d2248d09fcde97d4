// Sets the reader's theme before the first paint, so that no other one flashes. The DSFR's script takes over.
(() => {
  const root = document.documentElement;
  let scheme = "system";
  try {
    scheme = localStorage.getItem("scheme") || scheme;
  } catch {
    // Storage is forbidden here: the device's own setting holds.
  }
  const dark = scheme === "dark" || (scheme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.setAttribute("data-fr-scheme", scheme);
  root.setAttribute("data-fr-theme", dark ? "dark" : "light");
  root.style.colorScheme = dark ? "dark" : "";
})();
