import { expect, test } from "vitest";
import type { LogIn } from "../api/types";
import { load, may, opened, save } from "./session";

const ANSWER: LogIn = {
  access_token: "token",
  expires_at: "2026-03-01T20:00:00Z",
  user: {
    id: "u",
    email: "q@example.org",
    role: "quality",
    name: "Quinn Quality",
    organisation: "Depot",
    of_tenant: true,
    permissions: ["read_alerts", "acknowledge_alerts"],
  },
};

function box(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

test("a session survives a reload and ends when it is taken away", () => {
  const storage = box();
  save(storage, opened(ANSWER));
  expect(load(storage)).toEqual({ token: "token", user: ANSWER.user });
  save(storage, null);
  expect(load(storage)).toBeNull();
});

test.each([
  "",
  "null",
  "{",
  "{}",
  '{"token":""}',
  '{"token":"t"}',
  "[1]",
  '{"token":7,"user":{"email":"e","permissions":[]}}',
  '{"token":"t","user":{"email":"e"}}',
])("what is stored as %j is no session", (stored) => {
  expect(load({ ...box(), getItem: () => stored })).toBeNull();
});

test("only what the log-in named is offered, and nothing to nobody", () => {
  expect(may(opened(ANSWER), "acknowledge_alerts")).toBe(true);
  expect(may(opened(ANSWER), "bind_tracker")).toBe(false);
  expect(may(null, "read_alerts")).toBe(false);
});

test("a browser that forbids storage keeps nothing and breaks nothing", () => {
  const forbidden = {
    getItem: () => {
      throw new Error("forbidden");
    },
    setItem: () => {
      throw new Error("forbidden");
    },
    removeItem: () => {
      throw new Error("forbidden");
    },
  };
  expect(load(forbidden)).toBeNull();
  expect(() => save(forbidden, opened(ANSWER))).not.toThrow();
  expect(load(null)).toBeNull();
});
