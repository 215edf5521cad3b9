import type { Problem } from "../api/problem";
import { sentence } from "./words";

/** What a form says: at its fields, and above them what belongs to none. */
export interface Refusal<F extends string> {
  errors: Partial<Record<F, string>>;
  problem: Problem | null;
}

/** The service names the field in front: `gln: its last digit is 8 and would be 7`. */
export function refusal<F extends string>(problem: Problem, fields: readonly F[]): Refusal<F> {
  const [, name, detail] = /^(\w+): ([\s\S]+)$/.exec(problem.detail) ?? [];
  const field = fields.find((field) => field === name);
  if (field === undefined || detail === undefined) return { errors: {}, problem };
  return {
    errors: { [field]: `${sentence(detail)}.`.replace(/\.\.$/, ".") } as Refusal<F>["errors"],
    problem: null,
  };
}
