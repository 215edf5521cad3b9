import { expect, test } from "vitest";
import { unreachable } from "../api/problem";
import { Resource } from "./resource.svelte";

test("only the newest call's answer is taken, and says so", async () => {
  const answers: ((value: string) => void)[] = [];
  const resource = new Resource(() => new Promise<string>((resolve) => answers.push(resolve)));
  const [first, second] = [resource.refresh(), resource.refresh()];
  answers[1]?.("new");
  expect([await second, resource.value]).toEqual([true, "new"]);
  answers[0]?.("old");
  expect([await first, resource.value]).toEqual([false, "new"]);
});

test("a call that fails takes nothing, and keeps what was there", async () => {
  let fails = false;
  const fetch = () => (fails ? Promise.reject(unreachable()) : Promise.resolve(1));
  const resource = new Resource(fetch);
  expect(await resource.refresh()).toBe(true);
  fails = true;
  expect([await resource.refresh(), resource.value, resource.problem === null]).toEqual([false, 1, false]);
});
