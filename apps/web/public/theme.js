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
})();
