// Runs before the first paint. Kept as a file of its own: the content security policy allows no inline script.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem("keyfold.theme");
  } catch {
    // Storage may be switched off; the system's theme does.
  }
  const dark =
    choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";

  // What this address's screen will import (first-screens.ts) is fetched now, and not once the router has run.
  const screens = document.getElementById("first-screens");
  const found =
    screens && JSON.parse(screens.textContent).find(({ path }) => new RegExp(path).test(location.pathname));
  for (const href of found ? found.files : []) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = href;
    document.head.append(link);
  }
})();
