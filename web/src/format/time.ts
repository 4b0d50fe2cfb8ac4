// Moments and durations as people read and type them. A moment is a number of
// seconds since the epoch.

/** The zone in which times are shown and typed: the browser's or UTC. */
export type Zone = "local" | "utc";

/** Returns the IANA name of a zone, as the server takes it. */
export function zoneName(zone: Zone): string {
  return zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Writes a zone as it stands beside times: "UTC", "Europe/Berlin, UTC+01:00" (at that moment). */
export function zoneLabel(zone: Zone, at: number): string {
  if (zone === "utc") {
    return "UTC";
  }
  if (zoneName(zone) === "UTC") {
    return "UTC (local)";
  }
  const minutes = -new Date(at * 1000).getTimezoneOffset();
  const size = Math.abs(minutes);
  const sign = minutes < 0 ? "-" : "+";
  const offset = `UTC${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return `${zoneName(zone)}, ${offset}`;
}

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** Returns a moment's date and time of day in a zone. */
export function partsOf(at: number, zone: Zone): Parts {
  const d = new Date(at * 1000);
  if (zone === "utc") {
    return {
      year: d.getUTCFullYear(),
      month: d.getUTCMonth() + 1,
      day: d.getUTCDate(),
      hour: d.getUTCHours(),
      minute: d.getUTCMinutes(),
      second: d.getUTCSeconds(),
    };
  }
  return {
    year: d.getFullYear(),
    month: d.getMonth() + 1,
    day: d.getDate(),
    hour: d.getHours(),
    minute: d.getMinutes(),
    second: d.getSeconds(),
  };
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** Writes a date: "2026-11-24". */
export function date(at: number, zone: Zone): string {
  const p = partsOf(at, zone);
  return `${p.year}-${two(p.month)}-${two(p.day)}`;
}

/** Writes a date and time: "2026-11-24 08:20:05". */
export function dateTime(at: number, zone: Zone): string {
  const p = partsOf(at, zone);
  return `${date(at, zone)} ${two(p.hour)}:${two(p.minute)}:${two(p.second)}`;
}

/** Writes a date and time without seconds where they are 0: "2026-11-24 08:20". */
export function dateMinute(at: number, zone: Zone): string {
  const text = dateTime(at, zone);
  return text.endsWith(":00") ? text.slice(0, -3) : text;
}

/** Writes a time of day: "08:20". */
export function clock(at: number, zone: Zone): string {
  const p = partsOf(at, zone);
  return `${two(p.hour)}:${two(p.minute)}`;
}

/** Writes a range; the second date only where it is another. */
export function span(from: number, to: number, zone: Zone): string {
  const end = date(from, zone) === date(to, zone) ? dateMinute(to, zone).slice(11) : dateMinute(to, zone);
  return `${dateMinute(from, zone)} – ${end}`;
}

/** Writes a duration in its largest unit, rounded down: "10 min", "1 day", "45 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min`;
  }
  const [size, one, many] = whole < 86400 ? [3600, "h", "h"] : [86400, "day", "days"];
  const n = whole / size;
  const text = Number.isInteger(n) || n >= 10 ? String(Math.floor(n)) : (Math.floor(n * 10) / 10).toFixed(1);
  return `${text} ${n === 1 ? one : many}`;
}

/** Writes how long ago a moment is: "3 min ago". */
export function ago(at: number, now: number): string {
  const seconds = now - at;
  if (seconds < 0) {
    return `${duration(-seconds)} ahead of the clock`;
  }
  return seconds < 1 ? "just now" : `${duration(seconds)} ago`;
}

/**
 * Reads a moment that a person typed: "2026-11-24", "2026-11-24 08:20[:05]" in the
 * zone, RFC 3339 with its own zone, or seconds since the epoch. It returns
 * undefined for anything else, such as a 30th of February.
 */
export function parseMoment(text: string, zone: Zone): number | undefined {
  const t = text.trim();
  if (/^\d{9,11}$/.test(t)) {
    return Number(t);
  }
  const m = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?(Z|[+-]\d\d:\d\d)?$/i.exec(t);
  if (!m || (m[7] && m[4] === undefined)) {
    return undefined;
  }
  const [year, month, day, hour, minute, second] = m.slice(1, 7).map((part) => Number(part ?? 0));
  const wall: Parts = {
    year: year ?? 0,
    month: month ?? 0,
    day: day ?? 0,
    hour: hour ?? 0,
    minute: minute ?? 0,
    second: second ?? 0,
  };
  const utc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second) / 1000;
  if (dateTime(utc, "utc") !== wallText(wall)) {
    return undefined; // Date moved a 30th of February into March.
  }
  if (m[7]) {
    return utc - offsetOf(m[7]);
  }
  if (zone === "utc") {
    return utc;
  }
  return new Date(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second).getTime() / 1000;
}

function wallText(p: Parts): string {
  return `${p.year}-${two(p.month)}-${two(p.day)} ${two(p.hour)}:${two(p.minute)}:${two(p.second)}`;
}

/** Returns the seconds of an offset such as "+01:00". */
function offsetOf(text: string): number {
  if (/^z$/i.test(text)) {
    return 0;
  }
  const seconds = Number(text.slice(1, 3)) * 3600 + Number(text.slice(4, 6)) * 60;
  return text.startsWith("-") ? -seconds : seconds;
}

/** Writes a moment in RFC 3339, UTC: "2026-11-24T08:20:05Z". */
export function rfc3339(at: number): string {
  return `${dateTime(at, "utc").replace(" ", "T")}Z`;
}
