// What the table shows of a record.

import type { Field, FlowRecord, Integer, Key } from "../api/types.ts";
import { clause } from "../filter/text.ts";

/** Returns the value of a record's field, also of a field that weir does not know; null where it is absent. */
export function fieldValue(record: FlowRecord, field: Field): Integer | null {
  const held = field.origin === "unknown" ? unknownOf(record)[field.name] : record[field.name];
  return held === undefined || typeof held === "object" ? null : held;
}

/** Returns the fields of a record that weir does not know, by name. */
function unknownOf(record: FlowRecord): Record<string, Integer> {
  const held = record.weir_unknown;
  return typeof held === "object" ? held : {};
}

/** The fields that tell one flow from another. */
const flowFields = [
  "interface_id",
  "tgw_attachment_id",
  "srcaddr",
  "srcport",
  "dstaddr",
  "dstport",
  "protocol",
];

/** Returns the filter that keeps the records of the same flow at the same interface. */
export function flowFilter(record: FlowRecord, fields: Field[]): string {
  const clauses: string[] = [];
  for (const name of flowFields) {
    const field = fields.find((f) => f.name === name);
    const value: Key = field ? fieldValue(record, field) : null;
    if (field && value !== null) {
      clauses.push(clause(field, value));
    }
  }
  return clauses.join(" and ");
}
