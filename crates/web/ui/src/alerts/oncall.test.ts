import { expect, test } from "vitest";
import type { Person } from "../api/types";
import { able, drafts, faultOf, moved, outcomeOf, stepOf, toldAfter, type Draft } from "./oncall";

const step = (key: number, wait: number | null = 0): Draft => ({ key, user: "u", wait, severity: "info" });

test("a step is moved by one place and never off the list", () => {
  const keys = (from: number, by: -1 | 1) => moved([1, 2, 3], from, by);
  expect(keys(0, 1)).toEqual([2, 1, 3]);
  expect(keys(2, -1)).toEqual([1, 3, 2]);
  expect([keys(0, -1), keys(2, 1)]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

test("waits add up, as far as they are known", () => {
  expect(toldAfter([step(1, 5), step(2, 15), step(3, 0)])).toEqual([5, 20, 20]);
  expect(toldAfter([step(1, 5), step(2, null), step(3, 0)])).toEqual([5, null, null]);
});

test.each([
  [0, true],
  [1440, true],
  [1441, false],
  [-1, false],
  [1.5, false],
  [null, false],
])("a wait of %j minutes fits: %j", (wait, fits) => {
  expect(faultOf(step(1, wait)).wait === "").toBe(fits);
});

test("a step without anybody says so", () => {
  expect(faultOf({ ...step(1), user: "" }).user).toBe("Choose who is told.");
});

test("only who can log in and may acknowledge is put on the list", () => {
  const person = (id: string, role: Person["role"], disabled_at: string | null = null): Person => ({
    ...{ id, role, disabled_at, email: id, name: id, organisation: 1, organisation_name: "Depot" },
    ...{ created_at: "2026-03-01T08:00:00Z", trained: true, under_contract: true },
  });
  const people = [
    person("a", "admin"),
    person("b", "courier"),
    person("c", "quality", "2026-03-01T08:00:00Z"),
    person("d", "quality"),
  ];
  expect(able(people).map(({ id }) => id)).toEqual(["a", "d"]);
});

test("a list is edited as it stands", () => {
  const shown = { name: "Q", email: "q@example.org", is_disabled: false };
  const steps = [{ user: "u", wait_minutes: 15, severity: "critical" as const, ...shown }];
  expect(drafts({ steps })).toEqual([{ key: 0, user: "u", wait: 15, severity: "critical" }]);
});

test("an attempt says what became of it and which step it was", () => {
  expect(outcomeOf({ outcome: "delivered", words: "250 kept" })).toBe("delivered");
  expect(outcomeOf({ outcome: "failed", words: "451 come again" })).toBe("failed: 451 come again");
  expect(outcomeOf({ outcome: "called_off", words: "the alert is no longer open" })).toBe(
    "not sent: the alert is no longer open",
  );
  expect(stepOf({ round: null, step: null, steps: null })).toBe("");
  expect(stepOf({ round: 1, step: 2, steps: 3 })).toBe("step 2 of 3");
  expect(stepOf({ round: 4, step: 2, steps: 3 })).toBe("step 2 of 3, round 4");
});
