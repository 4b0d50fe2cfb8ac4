// Documents of the server: saved queries and dashboards.

import { address, read, send } from "../api/client.ts";
import type { Dashboard, DocumentHead, Documents, PanelSpec, Query, SavedQuery } from "../api/types.ts";

/** The kinds of documents, by their name in the API. */
interface Kinds {
  dashboards: Dashboard;
  queries: SavedQuery;
}

/** Returns the heads of all documents of a kind. */
export async function list(kind: keyof Kinds): Promise<Documents> {
  return await read<Documents>(address(kind));
}

/** Reads a document. */
export async function get<K extends keyof Kinds>(kind: K, id: string): Promise<Kinds[K]> {
  return await read<Kinds[K]>(address(`${kind}/${encodeURIComponent(id)}`));
}

/** Keeps a new document, and returns it as it is kept. */
export async function create<K extends keyof Kinds>(kind: K, doc: Kinds[K]): Promise<Kinds[K]> {
  return await send<Kinds[K]>("POST", address(kind), doc);
}

/** Puts a document in the place of the one that was read, and returns it as it is kept. */
export async function replace<K extends keyof Kinds>(kind: K, doc: Kinds[K]): Promise<Kinds[K]> {
  return await send<Kinds[K]>("PUT", address(`${kind}/${encodeURIComponent(doc.id ?? "")}`), doc);
}

/** Removes a document as it was read. */
export async function remove(kind: keyof Kinds, head: DocumentHead): Promise<void> {
  await send("DELETE", address(`${kind}/${encodeURIComponent(head.id ?? "")}`, { version: head.version }));
}

/** Returns a panel of a query, of the usual size. */
export function panelOf(title: string, query: Query): PanelSpec {
  const { language, text, chart } = query;
  return { title, language, text, chart, width: 6, height: 2 };
}

/** Returns what of a document another server can take: without its place in the store here. */
export function portable(doc: Dashboard): Dashboard {
  const { name, description, range, panels } = doc;
  return { name, description, range, panels };
}
