// Filter text: places in it, and the clauses that a click adds to it. The text
// itself is read by the server only.

import type { Field, Key } from "../api/types.ts";

/** Returns the index in a string of the place that lies a number of UTF-8 bytes behind its start. */
export function indexOfByte(text: string, offset: number): number {
  let bytes = 0;
  let index = 0;
  for (const character of text) {
    if (bytes >= offset) {
      break;
    }
    bytes += byteLength(character);
    index += character.length;
  }
  return index;
}

/** Returns how many UTF-8 bytes a string has. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * Returns the clause that holds for records with this value of a field, or for all
 * others. A null is that the field is absent. The denying clause is "not x = y" and
 * not "x != y", which leaves out records without the field, too.
 */
export function clause(field: Field, value: Key, not = false): string {
  if (value === null) {
    return `${field.name} is ${not ? "present" : "absent"}`;
  }
  return `${not ? "not " : ""}${field.name} = ${literal(field, value)}`;
}

/**
 * Writes a value as the filter language takes it. Text is quoted, since a bare word
 * may stand for another case or be a word of the language; what cannot be such a word
 * is left bare, because it reads better.
 */
function literal(field: Field, value: string | number): string {
  const text = String(value);
  const bare =
    field.type !== "text" ||
    field.address ||
    field.name === "action" ||
    field.name === "log_status" ||
    /^([a-z]+-)+[0-9a-f]+$|^[0-9]+$/.test(text);
  return bare ? text : `'${text.replaceAll("'", "''")}'`;
}

/**
 * Returns the filter that keeps what text keeps and the clause too. A text with an
 * "or" outside of parentheses is put into parentheses first.
 */
export function narrowed(text: string, added: string): string {
  const kept = text.trim();
  if (kept === "") {
    return added;
  }
  if (hasOpenOr(kept)) {
    return `(${kept}) and ${added}`;
  }
  return kept.split(/ and /i).includes(added) ? kept : `${kept} and ${added}`;
}

// What the language's lexer keeps together: texts in quotes, regular expressions
// behind ~, parentheses, and words.
const tokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|~\s*\/(?:[^\\/]|\\.)*\/|[()]|[^\s=!<>~(),;'"&|]+/g;

/** Reports whether the word "or" stands outside of parentheses, quotes and regular expressions. */
function hasOpenOr(text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(tokens)) {
    if (token === "(") {
      depth++;
    } else if (token === ")") {
      depth--;
    } else if (depth === 0 && token.toLowerCase() === "or") {
      return true;
    }
  }
  return false;
}
