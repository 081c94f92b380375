import { tick } from "svelte";
import { routeOf } from "./route";

/** The page shown, from the address bar; plain links on this origin are followed without a load. */
class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  route = $derived(routeOf(this.path));

  constructor() {
    addEventListener("popstate", () => {
      this.#read();
    });
    addEventListener("click", (event) => {
      this.#follow(event);
    });
  }

  /** Goes to an address of this app. `replace` leaves no entry in the history. */
  go(href: string, options: { replace?: boolean } = {}): void {
    const samePage = new URL(href, location.href).pathname === location.pathname;
    if (options.replace) history.replaceState(null, "", href);
    else history.pushState(null, "", href);
    this.#read();
    if (samePage) return;
    scrollTo(0, 0);
    // A new page begins at its heading, for the keyboard and for a screen reader.
    void tick().then(() => {
      document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
    });
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a");
    if (!link || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.pathname.startsWith("/api/")) return;
    if (url.hash && url.pathname === location.pathname) return;
    event.preventDefault();
    this.go(url.pathname + url.search);
  }
}

export const router = new Router();
