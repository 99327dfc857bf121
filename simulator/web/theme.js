// The light or dark theme: the system's, until somebody chooses one.

import { iconButton } from "./dom.js";
import { redraw } from "./page_state.js";
import { t } from "./translation.js";

const system = matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", showTheme);

const isDark = () => (localStorage.getItem("theme") ?? (system.matches ? "dark" : "light")) === "dark";

/** Shows the page in the chosen theme. */
export function showTheme() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  redraw();
}

/** Switches the theme. */
export function themeButton() {
  const other = isDark() ? "light" : "dark";
  return iconButton(isDark() ? "sun" : "moon", t(`theme-${other}`), () => {
    localStorage.setItem("theme", other);
    showTheme();
  });
}
