// Which page an address is, and addresses of pages.

import type { Query } from "../api/types.ts";
import { askedPairs, defaultView, formatView, type View } from "./view.ts";

export type PageName = "traffic" | "query" | "dashboards" | "dashboard" | "alarms" | "contributors";

/** Returns the page of a path. */
export function pageOf(path: string): PageName {
  if (path === "/query") {
    return "query";
  }
  if (path === "/alarms" || path === "/contributors") {
    return path === "/alarms" ? "alarms" : "contributors";
  }
  if (path.startsWith("/dashboards/") && path.length > "/dashboards/".length) {
    return "dashboard";
  }
  return path.startsWith("/dashboards") ? "dashboards" : "traffic";
}

/** The page that is open; another one is another document. */
export const page: PageName = pageOf(location.pathname);

/** The page that is open is a dashboard. */
export const onDashboard = page === "dashboard";

/** The id of the dashboard that is open, or "". */
export const dashboardId = onDashboard
  ? decodeURIComponent(location.pathname.slice("/dashboards/".length))
  : "";

/** Returns the address of a page with the range, the zone and the kind of a view. */
export function addressOf(path: string, view: View, withRange = false): string {
  return path + formatView({ ...defaultView(view.kind), range: view.range, zone: view.zone }, withRange);
}

/** Returns the address at which a query is asked over the range of a view. */
export function queryAddress(query: Query, view: View, saved = ""): string {
  const base = addressOf("/query", view);
  const pairs = new URLSearchParams(askedPairs({ ...query, saved })).toString();
  return `${base}${base.includes("?") ? "&" : "?"}${pairs}`;
}
