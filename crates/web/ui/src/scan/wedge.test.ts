import { expect, test } from "vitest";
import { GS } from "./code";
import { characterOf, Wedge, type Key } from "./wedge";

const CTRL_GS = "ctrl-]";
function press(keys: string[], gap: number, wedge = new Wedge()): (string | null)[] {
  return keys.map((key, at) => wedge.press(event(key, at * gap)));
}
function event(key: string, timeStamp: number): Key {
  const ctrlKey = key === CTRL_GS;
  return { key: ctrlKey ? "]" : key, ctrlKey, altKey: false, metaKey: false, timeStamp };
}
const code = [..."]d20109506000134352", "Enter"];

test("what comes faster than a person types and ends with Enter is a scan", () => {
  expect(press(code, 5).at(-1)).toBe("]d20109506000134352");
  expect(press(code, 60).at(-1)).toBe("]d20109506000134352");
});

test("what a person types is none, however long it is, and neither is a few keys at once", () => {
  expect(press(code, 150)).toEqual(code.map(() => null));
  expect(press(["a", "b", "c", "Enter"], 5).at(-1)).toBeNull();
});

test("a slip before a scan is no part of it, and the next scan begins anew", () => {
  const wedge = new Wedge();
  expect(wedge.press(event("x", -500))).toBeNull();
  expect(press(code, 5, wedge).at(-1)).toBe("]d20109506000134352");
  expect(wedge.press(event("Enter", 120))).toBeNull();
});

test("a blank within a scan is the scanner's, and a single one a person's", () => {
  const wedge = new Wedge();
  wedge.press(event(" ", 0));
  expect(wedge.isRunning).toBe(false);
  press([..."PO 7"], 5, wedge);
  expect(wedge.isRunning).toBe(true);
});

test("an Enter that comes late ends nothing", () => {
  const wedge = new Wedge();
  press(code.slice(0, -1), 5, wedge);
  expect(wedge.press(event("Enter", 5000))).toBeNull();
});

test.each([CTRL_GS, "F8", GS])("the separator comes as %s", (separator) => {
  const keys = [..."0109506000134352", separator, "Shift", ..."10A", "Enter"];
  expect(press(keys, 5).at(-1)).toBe(`0109506000134352${GS}10A`);
});

test("shortcuts and keys without a character stand for none", () => {
  for (const key of ["Tab", "ArrowDown", "F5", "Dead"]) expect(characterOf(event(key, 0))).toBeNull();
  expect(characterOf({ ...event("a", 0), ctrlKey: true })).toBeNull();
  expect(characterOf({ ...event("a", 0), metaKey: true })).toBeNull();
});
