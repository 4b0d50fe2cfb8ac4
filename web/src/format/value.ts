// Values of fields as they stand in tables and legends.

import type { Field, Integer, Key } from "../api/types.ts";
import { dateTime, type Zone } from "./time.ts";

/** What stands for a value that is not there. */
export const absent = "(absent)";

/** Returns the names of flags in a tcp_flags value: "SYN ACK"; "" where none is set. */
export function tcpFlags(value: number): string {
  const names: [number, string][] = [
    [2, "SYN"],
    [16, "ACK"],
    [1, "FIN"],
    [4, "RST"],
    [8, "PSH"],
    [32, "URG"],
    [64, "ECE"],
    [128, "CWR"],
  ];
  return names
    .filter(([bit]) => (value & bit) !== 0)
    .map(([, name]) => name)
    .join(" ");
}

/** Returns the name that belongs to a value, such as "https" of port 443; "" where it has none. */
export function nameOf(field: Field | undefined, value: Key): string {
  if (field === undefined || value === null) {
    return "";
  }
  if (field.name === "tcp_flags") {
    return tcpFlags(Number(value));
  }
  return field.names[String(value)] ?? "";
}

/** Writes a value; times in the zone. */
export function valueText(field: Field | undefined, value: Integer | null, zone: Zone): string {
  if (value === null) {
    return absent;
  }
  if (field?.epoch || field?.type === "time") {
    return dateTime(Number(value), zone);
  }
  return String(value);
}

/** Writes a value with its name: "443 https". */
export function label(field: Field | undefined, value: Key, zone: Zone): string {
  const name = nameOf(field, value);
  const text = valueText(field, value, zone);
  return name === "" ? text : `${text} ${name}`;
}
