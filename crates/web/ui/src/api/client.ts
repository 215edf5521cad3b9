import { problemOf, unreachable } from "./problem";

export interface Credentials {
  token(): string | null;
  /** Called when a token that was sent is no longer accepted. */
  refused(): void;
}

const PATIENCE_MS = 30_000;

export type Query = Record<string, string | number | undefined | null>;

/** A small JSON client: bearer token in, problem+json out as a thrown `Problem`. */
export class Client {
  readonly #credentials: Credentials;
  readonly #fetch: typeof fetch;

  constructor(credentials: Credentials, fetcher: typeof fetch = (input, init) => fetch(input, init)) {
    this.#credentials = credentials;
    this.#fetch = fetcher;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json<T>("GET", path + search(query));
  }

  /** `key`: the request is done once, however often it is sent under this key. */
  post<T>(path: string, body?: unknown, key?: string): Promise<T> {
    return this.#json<T>("POST", path, body, key);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>("PUT", path, body);
  }

  delete<T>(path: string): Promise<T> {
    return this.#json<T>("DELETE", path);
  }

  /** The raw answer, for streams. `path` stands below /api/v1. */
  async open(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const token = this.#credentials.token();
    const headers = new Headers(init.headers);
    if (token !== null) headers.set("Authorization", `Bearer ${token}`);
    let answer: Response;
    try {
      answer = await this.#fetch(`/api/v1${path}`, { ...init, method, headers, cache: "no-store" });
    } catch (thrown) {
      if (init.signal?.aborted) throw thrown;
      throw unreachable();
    }
    if (answer.ok) return answer;
    // Another log-in may have happened meanwhile: only the token that was sent is refused. It is not where a password
    // is asked for once more, to sign (RFC 9470).
    const asksPassword = answer.headers.get("WWW-Authenticate")?.includes("insufficient_user_authentication");
    if (answer.status === 401 && !asksPassword && token !== null && token === this.#credentials.token()) {
      this.#credentials.refused();
    }
    throw await problemOf(answer);
  }

  async #json<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await this.open(method, path, {
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      // What may be sent again need not wait for a network that answers nothing.
      signal: key === undefined ? undefined : AbortSignal.timeout(PATIENCE_MS),
    });
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }
}

function search(query: Query): string {
  const pairs = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  if (pairs.length === 0) return "";
  return `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}
