import { expect, test } from "vitest";
import type { Alert } from "../api/types";
import { done, withKept, type Done } from "./kept";

const alert = (id: string, state: Alert["state"] = "open") =>
  ({ id, state, acknowledged_at: state === "open" ? null : "2026-03-01T09:00:00Z" }) as Alert;
const open = (...ids: string[]) => ids.map((id) => alert(id));
const names = (list: Alert[]) => list.map(({ id, state }) => (state === "open" ? id : `${id} ${state}`));

/** Acknowledges one after the other in a list that the service has not shortened yet. */
function acknowledged(list: Alert[], ...ids: string[]): Done[] {
  return ids.reduce<Done[]>(
    (kept, id) => [...kept, done(alert(id, "acknowledged"), withKept(list, kept))],
    [],
  );
}

test("before the service's answer it stands where it stood, acknowledged already", () => {
  const kept = acknowledged(open("a", "b", "c"), "b");
  expect(names(withKept(open("a", "b", "c"), kept))).toEqual(["a", "b acknowledged", "c"]);
});

test.each([
  [["b"], ["new", "a", "c"], ["new", "a", "b acknowledged", "c"]],
  [["c"], ["new", "a", "b"], ["new", "a", "b", "c acknowledged"]],
  [["b", "a"], ["c"], ["a acknowledged", "b acknowledged", "c"]],
  [["c", "b"], ["a"], ["a", "b acknowledged", "c acknowledged"]],
  [["b"], [], ["b acknowledged"]],
])("after %j were acknowledged and %j are open, they keep their places", (ids, fetched, shown) => {
  const kept = acknowledged(open("a", "b", "c"), ...ids);
  expect(names(withKept(open(...fetched), kept))).toEqual(shown);
});
