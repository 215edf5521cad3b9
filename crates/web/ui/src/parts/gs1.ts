/** GS1 keys as people type them. The service checks them again; here only what helps while typing. */

const LENGTHS = { sscc: [18], gtin: [8, 12, 13, 14], gln: [13] } as const;
export type KeyKind = keyof typeof LENGTHS;
const NAMES: Record<KeyKind, string> = { sscc: "SSCC", gtin: "GTIN", gln: "GLN" };

/** Without the blanks and dashes between which people write them. */
export function bare(written: string): string {
  return written.replace(/[\s-]/g, "");
}

/** The digit that checks the others: from the right, weights 3, 1, 3, 1, … */
export function checkDigit(others: string): number {
  const sum = [...others]
    .reverse()
    .reduce((sum, digit, at) => sum + Number(digit) * (at % 2 === 0 ? 3 : 1), 0);
  return (10 - (sum % 10)) % 10;
}

export interface KeyWords {
  right: boolean;
  words: string;
}

/** What is said of a key that is being written; null as long as nothing is. */
export function keyWords(kind: KeyKind, written: string): KeyWords | null {
  const digits = bare(written);
  if (digits === "") return null;
  const lengths: readonly number[] = LENGTHS[kind];
  const asked =
    lengths.length > 1 ? `${lengths.slice(0, -1).join(", ")} or ${lengths.at(-1)}` : `${lengths[0]}`;
  if (!/^\d+$/.test(digits)) return { right: false, words: `${NAMES[kind]}: digits alone, ${asked} of them` };
  if (!lengths.includes(digits.length)) {
    return { right: false, words: `${NAMES[kind]}: ${digits.length} digits, it has ${asked}` };
  }
  if (/^0+$/.test(digits)) return { right: false, words: `${NAMES[kind]}: zeros alone are none` };
  const right = checkDigit(digits.slice(0, -1));
  return right === Number(digits.at(-1))
    ? { right: true, words: `${NAMES[kind]}, check digit right` }
    : { right: false, words: `${NAMES[kind]}: the check digit is ${digits.at(-1)} and would be ${right}` };
}
