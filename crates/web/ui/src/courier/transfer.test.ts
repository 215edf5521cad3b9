import { expect, test } from "vitest";
import { Problem } from "../api/problem";
import { exported, outcomeOf, requestOf, toSend, withOnlyHere, type Transfer } from "./transfer";

function transfer(id: string, more: Partial<Transfer> = {}): Transfer {
  return {
    id,
    user: "u1",
    email: "driver@carrier.example",
    done_at: "2026-11-28T05:10:00.000Z",
    task: `take-${id}`,
    words: "accepted box 1 of PO-1",
    path: { of: "shipments", id: "s1", step: "accept" },
    body: { boxes: [1] },
    refused: null,
    ...more,
  };
}

test("what is sent says when it was done, under the id by which it is written once", () => {
  expect(requestOf(transfer("a"))).toEqual({ boxes: [1], id: "a", at: "2026-11-28T05:10:00.000Z" });
});

test("sent is what the user did, in the order in which it was done, and nobody else's", () => {
  const kept = [
    transfer("late", { done_at: "2026-11-28T05:40:00.000Z" }),
    transfer("of another", { user: "u2" }),
    transfer("refused", { refused: { title: "Not possible", detail: "It was taken back." } }),
    transfer("early"),
  ];
  expect(toSend(kept, "u1").map(({ id }) => id)).toEqual(["early", "late"]);
  expect(toSend(kept, "u2").map(({ id }) => id)).toEqual(["of another"]);
});

test.each([
  [0, "nobody"],
  [500, "failed"],
  [502, "nobody"],
  [503, "nobody"],
  [401, "nobody"],
  [408, "nobody"],
  [429, "nobody"],
  [400, "refused"],
  [403, "refused"],
  [404, "refused"],
  [409, "refused"],
  [422, "refused"],
] as const)("status %d: %s", (status, outcome) => {
  expect(outcomeOf(new Problem(status, "title", "detail"))).toBe(outcome);
});

test("a fault of the page judges no transfer", () => {
  expect(outcomeOf(new TypeError("fetch failed"))).toBe("nobody");
});

test("the file holds everything, the earliest first", () => {
  const kept = [transfer("b", { done_at: "2026-11-28T06:00:00.000Z" }), transfer("a")];
  const file = JSON.parse(exported(kept, "2026-11-28T07:00:00.000Z")) as { not_yet_sent: Transfer[] };
  expect(file.not_yet_sent.map(({ id }) => id)).toEqual(["a", "b"]);
});

test("what the browser had no room for stays, as it is here", () => {
  const refused = { title: "Not possible", detail: "It was taken back." };
  const [kept, here] = [transfer("kept"), transfer("here")];
  expect(withOnlyHere([kept], [here], new Set(["here"]))).toEqual([kept, here]);
  expect(withOnlyHere([kept], [kept, here], new Set())).toEqual([kept]);
  const judged = transfer("kept", { refused });
  expect(withOnlyHere([kept], [judged], new Set(["kept"]))).toEqual([judged]);
});
