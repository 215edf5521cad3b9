/** Times in words. The page speaks English, so dates are formatted as such, in the browser's zone and with its name. */

const LOCAL: Intl.DateTimeFormatOptions = {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
};
const UTC_TIMES = /(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?: to (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d))? UTC/g;
const formats = new Map<string, Intl.DateTimeFormat>();

function local(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone ?? ""}|${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", { ...options, hourCycle: "h23", timeZone: zone });
    formats.set(key, format);
  }
  return format;
}

/** `3 Mar 2026, 09:00 CET`. The zone is the browser's unless given. */
export function localTime(at: string | number, zone?: string): string {
  return local(zone, LOCAL).format(new Date(at));
}

/** `3 Mar 2026, 09:00:07 CET`, where minutes do not tell two times apart. */
export function exactTime(at: string | number, zone?: string): string {
  return local(zone, { ...LOCAL, second: "2-digit" }).format(new Date(at));
}

/** `3 Mar 2026, 09:10 to 09:40 CET`, of another day `3 Mar 2026, 23:10 CET to 4 Mar 2026, 00:20 CET`. */
export function localSpan(from: string, to: string, zone?: string): string {
  const [begins, ends] = [localTime(from, zone), localTime(to, zone)];
  const [start, end] = [Date.parse(from), Date.parse(to)];
  if (begins === ends) return begins;
  const oneDay = begins.split(",")[0] === ends.split(",")[0] && zoneName(start, zone) === zoneName(end, zone);
  return oneDay
    ? `${begins.split(",")[0]}, ${clockTime(start, zone)} to ${clockTime(end, zone)} ${zoneName(end, zone)}`
    : `${begins} to ${ends}`;
}

/** A sentence of the service with its times, which are in UTC, as the page shows them. */
export function inLocalTime(sentence: string, zone?: string): string {
  return sentence.replace(UTC_TIMES, (_, from: string, to: string = from) =>
    localSpan(`${from.replace(" ", "T")}Z`, `${to.replace(" ", "T")}Z`, zone),
  );
}

/** `09:00` */
export function clockTime(at: number, zone?: string): string {
  return local(zone, { hour: "2-digit", minute: "2-digit" }).format(at);
}

/** `3 Mar` */
export function dayAndMonth(at: number, zone?: string): string {
  return local(zone, { day: "numeric", month: "short" }).format(at);
}

/** `2026-03-03 08:00:00 UTC` */
export function utcTime(at: string | number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The name of the zone that `localTime` uses at that instant: `CET`, `GMT-5`. */
export function zoneName(at: number, zone?: string): string {
  const parts = local(zone, { timeZoneName: "short" }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "local time";
}

/** The two greatest units: `12 s`, `5 min`, `2 h 5 min`, `3 d 4 h`. Cut, never rounded up. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  const [hours, minutes] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
  if (hours < 48) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  const rest = hours % 24;
  return rest === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${rest} h`;
}

/** `1 h 5 min 7 s`: every unit, where the two greatest do not tell two durations apart. */
export function exactDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const units = [`${Math.floor(s / 3600)} h`, `${Math.floor((s % 3600) / 60)} min`, `${s % 60} s`];
  return units.filter((unit) => !unit.startsWith("0 ")).join(" ") || "0 s";
}

/**
 * How old: `just now`, `5 min ago`; a time ahead of the clock is said as such, unless it is the clock that may be
 * behind by `slackMs`.
 */
export function age(at: string, nowMs: number, slackMs = 0): string {
  const seconds = Math.floor((nowMs - Date.parse(at)) / 1000);
  if (Math.abs(seconds) < 10 || (seconds < 0 && -seconds * 1000 <= slackMs)) return "just now";
  return seconds < 0 ? `in ${duration(-seconds)}` : `${duration(seconds)} ago`;
}

/** For `<input type="datetime-local">`: local wall time, whole minutes. */
export function toInput(ms: number): string {
  const at = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Back to RFC 3339 UTC in whole seconds; null where the field is empty or no time. */
export function fromInput(value: string): string | null {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? null : at.toISOString().replace(/\.\d+Z$/, "Z");
}

/** The first second of a local day of an `<input type="date">`; null where the field is empty or no day. */
export function dayStart(day: string): string | null {
  return fromInput(`${day}T00:00`);
}

/** The first second after a local day: until just before it, what holds on that day holds. */
export function dayEnd(day: string): string | null {
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + 1);
  return Number.isNaN(at.getTime()) ? null : at.toISOString().replace(/\.\d+Z$/, "Z");
}
