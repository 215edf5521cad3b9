/** A transfer as this device keeps it until the service has it. */
import type { TransferPath } from "../api/types";
import { Problem } from "../api/problem";

export interface Transfer {
  /** Of its entry and its Idempotency-Key: sent twice, it is written once. */
  id: string;
  /** In whose name: nobody else's log-in sends it. */
  user: string;
  email: string;
  /** When it was done, by the service's clock as this device knew it. */
  done_at: string;
  /** The task that it did. */
  task: string;
  words: string;
  path: TransferPath;
  body: Record<string, unknown>;
  /** Why the service does not take it; null: not sent yet. */
  refused: Refused | null;
}

export interface Refused {
  title: string;
  detail: string;
}

/** What the service gets. */
export function requestOf({ id, done_at, body }: Transfer): Record<string, unknown> {
  return { ...body, id, at: done_at };
}

/** Nobody has judged it, or the service failed at it: it is sent again. Or it was refused, and will not do as it is. */
export type Outcome = "nobody" | "failed" | "refused";

export function outcomeOf(thrown: unknown): Outcome {
  if (!(thrown instanceof Problem)) return "nobody";
  const { status } = thrown;
  // Not logged in any more, asked too early or too often: that is said of the sender and not of the transfer.
  if ([401, 408, 425, 429].includes(status)) return "nobody";
  if (status >= 400 && status < 500) return "refused";
  // Away, all of it.
  return status === 0 || [502, 503, 504].includes(status) ? "nobody" : "failed";
}

/** What the browser keeps, and beside it what is here alone, as it is here. */
export function withOnlyHere(kept: Transfer[], here: Transfer[], onlyHere: ReadonlySet<string>): Transfer[] {
  return [...kept.filter(({ id }) => !onlyHere.has(id)), ...here.filter(({ id }) => onlyHere.has(id))];
}

/** Those that the user's log-in sends now, in the order in which they were done: each may rest on the one before. */
export function toSend(kept: Transfer[], user: string): Transfer[] {
  return kept.filter((one) => one.user === user && one.refused === null).sort(inOrder);
}

export function inOrder(one: Transfer, other: Transfer): number {
  return one.done_at < other.done_at ? -1 : one.done_at > other.done_at ? 1 : 0;
}

/** For a file: what somebody else can hand in, should this device be lost. */
export function exported(kept: Transfer[], at: string): string {
  return JSON.stringify({ exported_at: at, not_yet_sent: [...kept].sort(inOrder) }, null, 2);
}
