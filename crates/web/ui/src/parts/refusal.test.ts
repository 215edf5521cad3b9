import { expect, test } from "vitest";
import { Problem } from "../api/problem";
import { inWords, refusal } from "./refusal";

const of = (detail: string) => new Problem(422, "Not accepted", detail);

test("what the service says of a field stands at that field", () => {
  expect(refusal(of("gln: its last digit is 8 and would be 7"), ["name", "gln"])).toEqual({
    errors: { gln: "Its last digit is 8 and would be 7." },
    problem: null,
  });
});

test.each(["kind: `bank` is none", "The service waits for something", "constructor: none"])(
  "%j belongs to no field of the form and stands above it",
  (detail) => {
    const problem = of(detail);
    expect(refusal(problem, ["name", "gln"])).toEqual({ errors: {}, problem });
  },
);

test.each([
  ["answers: the offer is not open", "The offer is not open"],
  ["signs.badge: Clinic has no badge with this number", "Clinic has no badge with this number"],
  ["on hold in this parent: PO-1 (recall)", "On hold in this parent: PO-1 (recall)"],
  ["there is no open offer", "There is no open offer"],
])("%j is said without the name of a field", (detail, words) => {
  expect(inWords(detail)).toBe(words);
});
