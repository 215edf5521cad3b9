/** From what a scanner sent to what it says: element strings, digits of a barcode, GS1 Digital Links. */
import { CodeError, key, KNOWN, quoted, take, type Elements, written } from "./elements";

/** FNC1 as scanners send it: ends an element without a fixed length that is not the last. */
export const GS = "\x1d";

/**
 * `today` (`YYYY-MM-DD`) chooses the century of dates. Throws a `CodeError` where the code is not certain; digits alone
 * that can be a GTIN as well as an element string are not.
 */
export function readCode(bytes: Uint8Array, today: string): Elements {
  const code = trimmed(bytes);
  if (code.length === 0) throw new CodeError("the code is empty");
  const garbage = code.findIndex((byte) => byte !== 0x1d && (byte < 0x21 || byte > 0x7e));
  if (garbage >= 0) {
    throw new CodeError(`the code holds a character that no GS1 code can hold, at place ${garbage + 1}`);
  }
  const elements = elementsOf(String.fromCharCode(...code), today);
  if (written(elements).length === 0) throw new CodeError("the code holds nothing that is known here");
  return elements;
}

function elementsOf(code: string, today: string): Elements {
  if (!code.startsWith("]")) return isLink(code) ? readLink(code, today) : readPlain(code, today);
  const [symbology, content] = [code.slice(0, 3), code.slice(3)];
  switch (symbology) {
    case "]d2":
    case "]C1":
    case "]Q3":
    case "]e0":
      return readString(content, today);
    case "]E0":
    case "]E4":
    case "]I1":
      return { ...nothing(), gtin: key("GTIN", content) };
    case "]Q1":
    case "]Q2":
    case "]d1":
      if (isLink(content)) return readLink(content, today);
  }
  throw new CodeError(
    `the code begins with ${symbology}, which no GS1 symbol does: scan the GS1 DataMatrix, GS1-128 or QR code`,
    "symbol",
  );
}

function nothing(): Elements {
  return { unread: [], warnings: [] };
}

function trimmed(bytes: Uint8Array): Uint8Array {
  const isBlank = (byte: number | undefined) => byte !== undefined && [0x20, 9, 10, 12, 13].includes(byte);
  let [from, to] = [0, bytes.length];
  while (from < to && isBlank(bytes[from])) from += 1;
  while (to > from && isBlank(bytes[to - 1])) to -= 1;
  return bytes.subarray(from, to);
}

function isLink(code: string): boolean {
  return /^https?:\/\//i.test(code);
}

/** Without a symbology identifier. */
function readPlain(code: string, today: string): Elements {
  const gtin = attempt(() => key("GTIN", code));
  if (gtin === null) return readString(code, today);
  const elements = attempt(() => readString(code, today));
  if (elements !== null && written(elements).length > 0) {
    throw new CodeError(
      `\`${quoted(code)}\` can be a GTIN as well as an element string: type it into the field that it belongs to`,
    );
  }
  return { ...nothing(), gtin };
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** The length of an element, identifier included, where its first two digits say it (GS1 General Specifications, 7.8.5). */
function fixedLength(firstTwo: string): number | undefined {
  if (/^1[1-9]$/.test(firstTwo)) return 8;
  if (/^3[1-6]$/.test(firstTwo)) return 10;
  return { "00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "20": 4, "41": 16 }[firstTwo];
}

function readString(content: string, today: string): Elements {
  let rest = content.startsWith(GS) ? content.slice(1) : content;
  if (rest === "") throw new CodeError("the code is empty");
  const elements = nothing();
  while (rest !== "") {
    const element = firstElement(rest);
    const identifier = KNOWN.find((known) => element.startsWith(known));
    if (identifier === undefined) elements.unread.push(element);
    else if (element === identifier) throw new CodeError(`the element ${identifier} is empty`);
    else take(elements, identifier, element.slice(identifier.length), today);
    rest = rest.slice(element.length);
    // Scanners are told to bear a separator where none is needed.
    if (rest.startsWith(GS)) rest = rest.slice(1);
  }
  return elements;
}

function firstElement(text: string): string {
  const [untilSeparator = ""] = text.split(GS, 1);
  const identifier = untilSeparator.slice(0, 2);
  if (!/^[0-9]{2}$/.test(identifier)) {
    throw new CodeError(
      text.startsWith("(")
        ? "the brackets are printed for people and are not in the code: scan the symbol, or type each key by itself"
        : `\`${quoted(untilSeparator)}\` begins with no application identifier: two to four digits that say what follows`,
    );
  }
  const length = fixedLength(identifier);
  if (length === undefined) return untilSeparator;
  if (untilSeparator.length < length) {
    throw new CodeError(
      `the element ${identifier} ends after ${untilSeparator.length} characters, and has ${length}`,
    );
  }
  return text.slice(0, length);
}

/** Keys that a link's path begins with, behind whatever path the host has of its own. */
const KEYS = ["00", "01", "414", "417", "8004"];
const IDENTIFIER = /^[0-9]{2,4}$/;

function readLink(link: string, today: string): Elements {
  const noLink = new CodeError(
    `\`${quoted(link)}\` is no GS1 Digital Link: an address with a key such as https://id.gs1.org/01/09506000134352 is expected`,
    "link",
  );
  const address = link.slice(link.indexOf("://") + 3).split("#", 1)[0] ?? "";
  const [path = "", query = ""] = cut(address, "?");
  const [, ofHost] = cut(path, "/");
  const pairs = ofHost === undefined ? null : pairsOf(ofHost.replace(/\/+$/, "").split("/"));
  if (pairs === null) throw noLink;
  const elements = nothing();
  const asked = query.split(/[&;]/).map((pair) => cut(pair, "="));
  for (const [identifier, encoded] of [...pairs, ...asked]) {
    if (encoded === undefined) continue;
    const value = decoded(encoded);
    if (value === null) throw noLink;
    // A link may leave the zeros in front of a GTIN away.
    const full = identifier === "01" || identifier === "02" ? key("GTIN", value) : value;
    if (KNOWN.includes(identifier)) take(elements, identifier, full, today);
    else if (IDENTIFIER.test(identifier)) elements.unread.push(`${identifier}${value}`);
  }
  return elements;
}

function cut(text: string, at: string): [string, string | undefined] {
  const place = text.indexOf(at);
  return place < 0 ? [text, undefined] : [text.slice(0, place), text.slice(place + at.length)];
}

/** The first key from which on the path is pairs of identifier and value to its end. */
function pairsOf(segments: string[]): [string, string][] | null {
  for (let start = 0; start < segments.length; start += 1) {
    const rest = segments.slice(start);
    const identifiers = rest.filter((_, at) => at % 2 === 0);
    const whole = KEYS.includes(rest[0] ?? "") && rest.length % 2 === 0;
    if (whole && identifiers.every((identifier) => IDENTIFIER.test(identifier))) {
      return identifiers.map((identifier, at) => [identifier, rest[2 * at + 1] ?? ""]);
    }
  }
  return null;
}

/** Takes percent-encoding back (RFC 3986, 2.1); null where it is broken, or hides what is not ASCII. */
function decoded(text: string): string | null {
  const parts = text.split("%");
  const rest = parts.slice(1).map((part) => {
    const hex = part.slice(0, 2);
    const byte = /^[0-9a-f]{2}$/i.test(hex) ? Number.parseInt(hex, 16) : 0;
    return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) + part.slice(2) : null;
  });
  return rest.includes(null) ? null : [parts[0], ...rest].join("");
}

/** What was typed as a scanner's bytes, one a character; what no byte holds is garbage to the reader. */
export function bytesOf(typed: string): Uint8Array {
  return Uint8Array.from([...typed].map((character) => Math.min(character.codePointAt(0) ?? 0, 0xff)));
}

/** The same for every symbol that says the same; of what cannot be read the code itself. */
export function meaningOf(code: string, today: string): string {
  return attempt(() => elementString(readCode(bytesOf(code), today))) ?? code;
}

/** As a GS1 DataMatrix, GS1-128 or GS1 QR code carries them, behind its first separator. */
export function elementString(elements: Elements): string {
  let isOpen = false;
  let string = "";
  for (const [identifier, value] of written(elements)) {
    string += `${isOpen ? GS : ""}${identifier}${value}`;
    isOpen = fixedLength(identifier.slice(0, 2)) === undefined;
  }
  return string;
}
