// The light or dark theme: the system's, until somebody chooses one.

import { entitle, fill, icon } from "./dom.js";
import { t } from "./translation.js";

const system = matchMedia("(prefers-color-scheme: dark)");

const theme = () => localStorage.getItem("theme") ?? (system.matches ? "dark" : "light");

/** Shows the page in the chosen theme. */
export function showTheme() {
  document.documentElement.dataset.theme = theme();
  system.addEventListener("change", () => (document.documentElement.dataset.theme = theme()));
}

/** Makes a button switch the theme. */
export function themeButton(button) {
  const drawn = () => {
    const dark = theme() === "dark";
    entitle(button, t(dark ? "theme-light" : "theme-dark"));
    fill(button, icon(dark ? "sun" : "moon"));
  };
  button.addEventListener("click", () => {
    localStorage.setItem("theme", theme() === "dark" ? "light" : "dark");
    document.documentElement.dataset.theme = theme();
    drawn();
  });
  system.addEventListener("change", drawn);
  drawn();
  return button;
}
