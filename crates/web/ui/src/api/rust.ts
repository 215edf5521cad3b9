/** The service's own declarations, read from its sources. For tests alone: nothing of this is in the page. */

const sources = import.meta.glob<string>(
  [
    "../../../../domain/src/**/*.rs",
    "../../../../networks/src/decode.rs",
    "../../../../networks/src/event.rs",
    "../../../../tracking/src/alerting.rs",
    "../../../../tracking/src/api/*.rs",
  ],
  { query: "?raw", import: "default", eager: true },
);

/** A member of a JSON object: may it be left out, may it be null. */
export interface Member {
  optional: boolean;
  nullable: boolean;
}
export type Shape = Record<string, Member>;

/** What serde makes of a struct. `where`: its file, as `tracking/src/api/alerts.rs`. */
export function structShape(where: string, name: string): Shape {
  const body = cut(where, new RegExp(`struct ${name}(?:<[^>]*>)? \\{\n([\\s\\S]*?)\n\\}`));
  const shape: Shape = {};
  const fields = /((?:\s*#\[[^\]]*\])*)\s*(?:pub )?(?:r#)?(\w+): ([^\n]+),(?=\n|$)/g;
  for (const [, attributes = "", field = "", type = ""] of `${uncommented(body)}\n`.matchAll(fields)) {
    if (/\bflatten\b/.test(attributes)) {
      Object.assign(shape, structShape(FLATTENED[type] ?? where, type));
      continue;
    }
    const written = /rename = "(\w+)"/.exec(attributes)?.[1] ?? field;
    const optional = attributes.includes("skip_serializing_if");
    shape[written] = { optional, nullable: type.startsWith("Option<") && !optional };
  }
  return shape;
}

/** The words of a `named_enum!`. */
export function enumWords(where: string, name: string): string[] {
  const body = cut(where, new RegExp(`\n    ${name}, "[^"]*" \\{\n([\\s\\S]*?)\n    \\}`));
  return [...body.matchAll(/\w+ = "(\w+)",/g)].map(([, word = ""]) => word);
}

/** The fields that go with an entry of the audit trail: those of the `json!` of the function that writes it. */
export function auditFields(where: string, action: string): string[] {
  const functions = source(where).split(/\n(?: {4})?(?:pub )?(?:async )?fn /);
  const written = functions.filter((body) => body.includes(`"${action}"`) && body.includes("json!"));
  const [, json] = /json!\(\{([\s\S]*?)\}\)/.exec(written.join("\n")) ?? [];
  if (json === undefined || written.length !== 1)
    throw new Error(`${where} writes ${action} in no one place`);
  return [...json.matchAll(/"(\w+)":/g)].map(([, field = ""]) => field);
}

const FLATTENED: Record<string, string> = {
  ApiKeyView: "tracking/src/api/api_keys.rs",
  Assessment: "domain/src/evaluate/assessment.rs",
  Shipment: "tracking/src/api/shipments.rs",
  ValidityView: "tracking/src/api/validity.rs",
  DispositionView: "tracking/src/api/dispositions.rs",
};

/** The text of a file. */
export function source(where: string): string {
  return sources[`../../../../${where}`] ?? "";
}

function cut(where: string, pattern: RegExp): string {
  const found = pattern.exec(source(where))?.[1];
  if (found === undefined) throw new Error(`${where} does not hold ${pattern.source}`);
  return found;
}

function uncommented(rust: string): string {
  return rust.replace(/^\s*\/\/.*$/gm, "");
}
