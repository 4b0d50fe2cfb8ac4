// The page's one view, bound to the address: a change of the view is a step in the
// browser's history, and Back takes it back.

import { onDashboard } from "./page.ts";
import { formatView, parseView, type View } from "./view.ts";

class Current {
  /** The view that is shown. It is replaced as a whole, never changed in place. */
  view = $state.raw<View>(parseView(location.search));
  /** How many steps of this page lie behind the current one. */
  depth = $state((history.state as { depth?: number } | null)?.depth ?? 0);

  constructor() {
    addEventListener("popstate", (event) => {
      this.view = parseView(location.search);
      this.depth = (event.state as { depth?: number } | null)?.depth ?? 0;
    });
  }

  /** Goes to another view, which is the current one but for what changed. */
  go(change: Partial<View>): void {
    const next = { ...this.view, ...change };
    // A dashboard has a range of its own, from which the address's may differ.
    const query = formatView(next, onDashboard);
    if (query === formatView(this.view, onDashboard)) {
      this.view = next;
      return;
    }
    this.depth++;
    history.pushState({ depth: this.depth }, "", location.pathname + query);
    this.view = next;
  }

  /** Shows another view in the place of the current one: not a step, and not in the address. */
  replace(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
  }

  /** Goes one step back, where there is one within the page. */
  back(): void {
    if (this.depth > 0) {
      history.back();
    }
  }
}

export const current = new Current();
