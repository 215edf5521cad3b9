import { Problem } from "../api/problem";
import { sentence } from "./words";

/** What a form says: at its fields, and above them what belongs to none. */
export interface Refusal<F extends string> {
  errors: Partial<Record<F, string>>;
  problem: Problem | null;
}

/** Without the field that the service names in front, where nobody has written it. */
export function inWords(detail: string): string {
  return sentence(detail.replace(/^[\w.]+: /, ""));
}

/** For whoever has not filled in the fields that the service knows. */
export function plainly({ status, title, detail }: Problem): Problem {
  return new Problem(status, title, inWords(detail));
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
