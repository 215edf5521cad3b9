import { expect, test } from "vitest";
import { checkDigit } from "../parts/gs1";
import { elementString, GS, readCode } from "./code";
import type { Elements } from "./elements";

/** The service reads the same table (crates/domain/tests/rules). */
interface Case {
  name: string;
  code: string;
  reads?: Omit<Elements, "unread" | "warnings">;
  unread?: string[];
  warnings?: string[];
  refused?: string;
}
const [table = ""] = Object.values(
  import.meta.glob<string>("../../../../domain/tests/rules/gs1_codes.json", {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);
const { today, cases } = JSON.parse(table) as { today: string; cases: Case[] };
const read = (code: string) => readCode(new TextEncoder().encode(code), today);

test.each(cases)("$name: $code", ({ code, reads, unread = [], warnings = [], refused }) => {
  if (refused !== undefined) expect(() => read(code)).toThrow(expect.objectContaining({ message: refused }));
  else expect(read(code)).toEqual({ ...reads, unread, warnings });
});

/** Numbers that are the same in each run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

test("10,000 random codes read back as they were written", () => {
  const below = numbers(20261128);
  const some = (from: string, length: number) =>
    Array.from({ length }, () => from[below(from.length)]).join("");
  const checked = (length: number) => {
    const digits = `${1 + below(9)}${some("0123456789", length - 2)}`;
    return digits + String(checkDigit(digits));
  };
  const maybe = <T>(make: () => T) => (below(2) === 0 ? make() : undefined);
  for (let round = 0; round < 10_000; round += 1) {
    const day = new Date(Date.UTC(2026, 2, 1 + below(18_000)));
    const wanted = {
      sscc: maybe(() => checked(18)),
      gtin: checked(14),
      lot: maybe(() => some(SET_82, 1 + below(20))),
      expiry: maybe(() => day.toISOString().slice(0, 10)),
      serial: maybe(() => some(SET_82, 1 + below(20))),
      count: maybe(() => below(100_000_000)),
      location: maybe(() => checked(13)),
      asset: maybe(() => some("0123456789ABC", 1 + below(30))),
      unread: [],
      warnings: [],
    };
    const [behind, symbology] = [below(2) ? GS : "", ["]d2", "]C1", "]Q3", `${GS}`][below(4)] ?? ""];
    const code = symbology + elementString(wanted) + behind;
    // A comparison of texts, for ten thousand of the other kind take long.
    if (sorted(read(code)) !== sorted(wanted)) expect(read(code)).toEqual(wanted);
  }
}, 60_000);

function sorted(elements: object): string {
  return JSON.stringify(
    Object.entries(elements)
      .filter(([, value]) => value !== undefined)
      .sort(),
  );
}
