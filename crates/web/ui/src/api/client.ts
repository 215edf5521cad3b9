/** The client that is generated from the API's document, with the page's manners. */
import createClient, { type ClientOptions, type Middleware } from "openapi-fetch";
import { problemOf, unreachable } from "./problem";
import type { paths } from "./schema";

export interface Credentials {
  token(): string | null;
  /** Called when a token that was sent is no longer accepted. */
  refused(): void;
}

/** Bearer token in; what is no success comes out as a thrown `Problem`. */
export function connect(credentials: Credentials, options: ClientOptions = {}) {
  const client = createClient<paths>({
    baseUrl: "/api/v1",
    cache: "no-store",
    querySerializer: withoutEmpty,
    ...options,
  });
  client.use(manners(credentials));
  return client;
}

/** What a call answered. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** What stands in a call's path, and what is asked for. */
export const at = <P, Q = undefined>(path: P, query?: Q) => ({ params: { path, query } });

const PATIENCE_MS = 30_000;

/** As `at`: done once, however often it is sent under this key, so it need not wait for a network that answers nothing. */
export const once = <P>(path: P, key: string) => ({
  params: { path, header: { "Idempotency-Key": key } },
  signal: AbortSignal.timeout(PATIENCE_MS),
});

/** What is asked for. */
export const where = <Q>(query: Q) => ({ params: { query } });

/** An answer that is a file. */
export const asFile = { parseAs: "blob" } as const;

/** A body that is sent as it is. */
export const file = (blob: Blob) => ({
  body: "",
  bodySerializer: () => blob,
  headers: { "Content-Type": blob.type },
});

function manners(credentials: Credentials): Middleware {
  const bearer = () => {
    const token = credentials.token();
    return token === null ? null : `Bearer ${token}`;
  };
  return {
    onRequest({ request }) {
      const sent = bearer();
      if (sent !== null) request.headers.set("Authorization", sent);
    },
    async onResponse({ request, response }) {
      if (response.ok) return;
      // Another log-in may have happened meanwhile: only the token that was sent is refused. It is not where a password
      // is asked for once more, to sign (RFC 9470).
      const asksPassword = response.headers
        .get("WWW-Authenticate")
        ?.includes("insufficient_user_authentication");
      const sent = request.headers.get("Authorization");
      if (response.status === 401 && !asksPassword && sent !== null && sent === bearer()) {
        credentials.refused();
      }
      throw await problemOf(response);
    },
    onError({ request }) {
      return request.signal.aborted ? undefined : unreachable();
    },
  };
}

function withoutEmpty(query: Record<string, unknown>): string {
  const filled = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  return new URLSearchParams(filled.map(([name, value]) => [name, String(value)])).toString();
}
