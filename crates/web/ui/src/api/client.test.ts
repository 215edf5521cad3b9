import { expect, test, vi } from "vitest";
import { at, connect, data, file, where } from "./client";
import { firstPages } from "./pages";
import { Problem } from "./problem";

function clientFor(answer: () => Response | Promise<Response>, token: string | null = "secret") {
  const refused = vi.fn();
  const fetcher = vi.fn((_request: Request) => Promise.resolve().then(answer));
  const options = { fetch: fetcher, baseUrl: "http://service/api/v1" };
  return { client: connect({ token: () => token, refused }, options), fetcher, refused };
}

const TRACKER = { dev_eui: "0102", name: "Box 17", codec: "isotherm" } as const;

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/problem+json" } });

test("the token goes with every call, and empty filters do not", async () => {
  const { client, fetcher } = clientFor(() => json(200, { items: [] }));
  await client.GET("/shipments", where({ reference: "A&B 7", gtin: "", cursor: null }));
  const [request] = fetcher.mock.calls[0] ?? [];
  expect(request?.url).toBe("http://service/api/v1/shipments?reference=A%26B+7");
  expect(request?.headers.get("Authorization")).toBe("Bearer secret");
});

test("a status in English is put in our words, what went wrong stays the service's", async () => {
  const { client } = clientFor(() =>
    json(409, { type: "about:blank", title: "Conflict", detail: "the shipment is closed" }),
  );
  await expect(
    client.POST("/shipments/{id}/cancel", { ...at({ id: "s" }), body: { reason: "x" } }),
  ).rejects.toMatchObject({
    title: "Not possible as it stands",
    detail: "The shipment is closed",
  });
  const field = clientFor(() => json(422, { type: "about:blank", detail: "dev_eui: has 15 digits" }));
  await expect(field.client.POST("/trackers", { body: TRACKER })).rejects.toMatchObject({
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
  await expect(client.POST("/trackers", { body: TRACKER })).rejects.toMatchObject({
    status: 403,
    title: "Not for auditors",
    detail: "Auditors change nothing.",
  });
  expect(refused).not.toHaveBeenCalled();
});

test("a proxy's page is not shown; the status is put in our words", async () => {
  const { client } = clientFor(() => new Response("<html>Bad gateway</html>", { status: 502 }));
  const problem = await client.GET("/status").catch((thrown: unknown) => thrown);
  expect(problem).toBeInstanceOf(Problem);
  expect((problem as Problem).detail).toContain("502");
  expect((problem as Problem).detail).not.toContain("<html>");
});

test("an expired token ends the session; a wrong password at log-in does not", async () => {
  const expired = clientFor(() => json(401, {}));
  await expect(expired.client.GET("/shipments")).rejects.toMatchObject({ status: 401 });
  expect(expired.refused).toHaveBeenCalledOnce();

  const logIn = clientFor(() => json(401, {}), null);
  await expect(
    logIn.client.POST("/login", { body: { email: "a@example.org", password: "x" } }),
  ).rejects.toMatchObject({ status: 401 });
  expect(logIn.refused).not.toHaveBeenCalled();
});

test("a wrong password at a signature does not end the session", async () => {
  const challenge = 'Bearer error="insufficient_user_authentication"';
  const { client, refused } = clientFor(() => {
    const answer = json(401, { detail: "the password is wrong: nothing was signed" });
    answer.headers.set("WWW-Authenticate", challenge);
    return answer;
  });
  await expect(
    client.POST("/profiles/{id}/approve", { ...at({ id: "p" }), body: { password: "x", meaning: "y" } }),
  ).rejects.toMatchObject({
    status: 401,
    detail: "The password is wrong: nothing was signed",
  });
  expect(refused).not.toHaveBeenCalled();
});

test("an old call's 401 does not end a session begun since", async () => {
  let token = "old";
  const refused = vi.fn();
  const fetcher = () => {
    token = "new";
    return Promise.resolve(json(401, {}));
  };
  const options = { fetch: fetcher, baseUrl: "http://service/api/v1" };
  const client = connect({ token: () => token, refused }, options);
  await expect(client.GET("/shipments")).rejects.toMatchObject({ status: 401 });
  expect(refused).not.toHaveBeenCalled();
});

test("a path's parameters are escaped, a file is sent as it is, and what was answered is the data", async () => {
  const { client, fetcher } = clientFor(() => json(201, { sha256: "ab", bytes: 3, media_type: "image/png" }));
  const photo = new Blob(["abc"], { type: "image/png" });
  const sent = client.POST("/shipments/{id}/custody/photos", { ...at({ id: "a/b" }), ...file(photo) });
  expect((await data(sent)).sha256).toBe("ab");
  const [request] = fetcher.mock.calls[0] ?? [];
  expect(request?.url).toBe("http://service/api/v1/shipments/a%2Fb/custody/photos");
  expect(request?.headers.get("Content-Type")).toBe("image/png");
  expect(await request?.text()).toBe("abc");
});

test("a call that was given up is no problem", async () => {
  const stopped = new AbortController();
  const { client } = clientFor(() => {
    stopped.abort();
    return Promise.reject(new DOMException("aborted", "AbortError"));
  });
  await expect(client.GET("/events", { signal: stopped.signal })).rejects.toMatchObject({
    name: "AbortError",
  });
});

test("no answer at all is said as such", async () => {
  const { client } = clientFor(() => Promise.reject(new TypeError("failed to fetch")));
  await expect(client.GET("/status")).rejects.toMatchObject({ status: 0, title: "No answer" });
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
