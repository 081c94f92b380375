/** The reader's own choices, kept in this browser. */

export type Theme = "auto" | "light" | "dark";

const THEME = "offhook.theme";
const SINGLE_KEYS = "offhook.singleKeys";

/** Storage can be switched off; a preference then lasts as long as the page. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice still holds until the page is closed.
  }
}

class Prefs {
  theme = $state<Theme>("auto");
  /** Shortcuts of one plain key; WCAG 2.1.4 wants a way to switch them off. */
  singleKeys = $state(true);

  constructor() {
    const theme = read(THEME);
    if (theme === "light" || theme === "dark") this.setTheme(theme);
    this.singleKeys = read(SINGLE_KEYS) !== "off";
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    write(THEME, theme);
    if (theme === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }

  setSingleKeys(on: boolean): void {
    this.singleKeys = on;
    write(SINGLE_KEYS, on ? "on" : "off");
  }
}

export const prefs = new Prefs();
