import { expect, test } from "vitest";
import { Problem } from "../api/problem";
import { refusal } from "./refusal";

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
