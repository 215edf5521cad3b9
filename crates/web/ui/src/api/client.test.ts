import { expect, test, vi } from "vitest";
import { Client } from "./client";
import { firstPages } from "./pages";
import { Problem } from "./problem";

function clientFor(answer: () => Response | Promise<Response>, token: string | null = "secret") {
  const refused = vi.fn();
  const fetcher = vi.fn((_input: RequestInfo | URL, _init?: RequestInit) => Promise.resolve().then(answer));
  return { client: new Client({ token: () => token, refused }, fetcher), fetcher, refused };
}

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/problem+json" } });

test("the token goes with every call, and empty filters do not", async () => {
  const { client, fetcher } = clientFor(() => json(200, { items: [] }));
  await client.get("/shipments", { state: "", reference: "A&B 7", cursor: null });
  const [url, init] = fetcher.mock.calls[0] ?? [];
  expect(url).toBe("/api/v1/shipments?reference=A%26B+7");
  expect(new Headers(init?.headers).get("Authorization")).toBe("Bearer secret");
});

test("a status in English is put in our words, what went wrong stays the service's", async () => {
  const { client } = clientFor(() =>
    json(409, { type: "about:blank", title: "Conflict", detail: "the shipment is closed" }),
  );
  await expect(client.post("/shipments/s/trackers", {})).rejects.toMatchObject({
    title: "Not possible as it stands",
    detail: "The shipment is closed",
  });
  const field = clientFor(() => json(422, { type: "about:blank", detail: "dev_eui: has 15 digits" }));
  await expect(field.client.post("/trackers", {})).rejects.toMatchObject({
    title: "Not accepted",
    detail: "dev_eui: has 15 digits",
  });
});

test("a refusal carries the service's own words", async () => {
  const { client, refused } = clientFor(() =>
    json(403, {
      type: "https://example.org/role",
      title: "Not for auditors",
      detail: "Auditors change nothing.",
    }),
  );
  await expect(client.post("/shipments", {})).rejects.toMatchObject({
    status: 403,
    title: "Not for auditors",
    detail: "Auditors change nothing.",
  });
  expect(refused).not.toHaveBeenCalled();
});

test("a proxy's page is not shown; the status is put in our words", async () => {
  const { client } = clientFor(() => new Response("<html>Bad gateway</html>", { status: 502 }));
  const problem = await client.get("/status").catch((thrown: unknown) => thrown);
  expect(problem).toBeInstanceOf(Problem);
  expect((problem as Problem).detail).toContain("502");
  expect((problem as Problem).detail).not.toContain("<html>");
});

test("an expired token ends the session; a wrong password at log-in does not", async () => {
  const expired = clientFor(() => json(401, {}));
  await expect(expired.client.get("/shipments")).rejects.toMatchObject({ status: 401 });
  expect(expired.refused).toHaveBeenCalledOnce();

  const logIn = clientFor(() => json(401, {}), null);
  await expect(logIn.client.post("/login", {})).rejects.toMatchObject({ status: 401 });
  expect(logIn.refused).not.toHaveBeenCalled();
});

test("a wrong password at a signature does not end the session", async () => {
  const challenge = 'Bearer error="insufficient_user_authentication"';
  const { client, refused } = clientFor(() => {
    const answer = json(401, { detail: "the password is wrong: nothing was signed" });
    answer.headers.set("WWW-Authenticate", challenge);
    return answer;
  });
  await expect(client.post("/profiles/p/approve", {})).rejects.toMatchObject({
    status: 401,
    detail: "The password is wrong: nothing was signed",
  });
  expect(refused).not.toHaveBeenCalled();
});

test("an old call's 401 does not end a session begun since", async () => {
  let token = "old";
  const refused = vi.fn();
  const client = new Client({ token: () => token, refused }, () => {
    token = "new";
    return Promise.resolve(json(401, {}));
  });
  await expect(client.get("/shipments")).rejects.toMatchObject({ status: 401 });
  expect(refused).not.toHaveBeenCalled();
});

test("no answer at all is said as such", async () => {
  const { client } = clientFor(() => Promise.reject(new TypeError("failed to fetch")));
  await expect(client.get("/status")).rejects.toMatchObject({ status: 0, title: "No answer" });
});

test("a refreshed list is as long as it was, and ends where the service says", async () => {
  const pages: Record<string, { items: number[]; next: string | null }> = {
    "": { items: [1, 2], next: "b" },
    b: { items: [3, 4], next: "c" },
    c: { items: [5], next: null },
  };
  const fetchPage = (cursor: string | null) =>
    Promise.resolve(pages[cursor ?? ""] ?? { items: [], next: null });
  expect(await firstPages(2, fetchPage)).toEqual({ items: [1, 2, 3, 4], next: "c" });
  expect(await firstPages(Infinity, fetchPage)).toEqual({ items: [1, 2, 3, 4, 5], next: null });
});
