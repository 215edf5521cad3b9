import { expect, test } from "vitest";
import type { Mapping } from "../api/types";
import { fieldsOf, mappingOf, tryOut } from "./mapping";

test("a mapping is what its fields say, and an empty pointer is none", () => {
  const mapping = {
    temperature: { pointer: "/TempC_SHT", unit: "celsius" },
    battery: { pointer: "/BatV", unit: "volt" },
  } as Mapping;
  const fields = fieldsOf(mapping);
  expect(fields.humidity).toEqual({ pointer: "", unit: "percent" });
  expect(mappingOf(fields)).toEqual(mapping);
  fields.battery.pointer = "  ";
  fields.temperature.pointer = " /t ";
  expect(mappingOf(fields)).toEqual({ temperature: { pointer: "/t", unit: "celsius" } });
});

test("a pointer is tried out on the latest message", () => {
  const sample = { TempC: 21.5, list: [{ v: "a" }], "a/b": { "~": null } };
  for (const [pointer, words] of [
    ["/TempC", "In the latest message: 21.5"],
    ["/list/0/v", 'In the latest message: "a"'],
    ["/a~1b/~0", "In the latest message: null"],
    ["/list/00", "There is nothing here in the latest message."],
    ["/list/length", "There is nothing here in the latest message."],
    ["/toString", "There is nothing here in the latest message."],
    ["/TempC/x", "There is nothing here in the latest message."],
    ["TempC", "A pointer begins with a slash."],
    [" ", ""],
  ] as const) {
    expect(tryOut(pointer, sample)).toBe(words);
  }
  expect(tryOut("/TempC", undefined)).toBe("");
});
