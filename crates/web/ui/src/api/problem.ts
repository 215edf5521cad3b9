import { sentence } from "../parts/words";

/** An answer that is not a success, in words for the person in front of the page (RFC 9457). */
export class Problem extends Error {
  /** HTTP status; 0 where no answer came at all. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;

  constructor(status: number, title: string, detail: string) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

const BLANK = "about:blank";
const WORDS: Record<number, [string, string]> = {
  400: ["The service could not read this", "Check what was entered and try again."],
  401: ["Not logged in", "Log in again."],
  403: ["Not allowed", "Your role may not do this. Ask an administrator."],
  404: ["Not found", "It does not exist, or belongs to another organisation."],
  409: ["Not possible as it stands", "Somebody else may have changed it first. Reload and look again."],
  413: ["Too large", "The service does not take this much at once."],
  422: ["Not accepted", "Check what was entered and try again."],
  429: ["Too many requests", "Wait a moment and try again."],
  503: ["Not at the moment", "The service waits for something it needs. Try again in a moment."],
};

/** Reads problem+json; falls back to words of our own, never to a proxy's HTML. */
export async function problemOf(answer: Response): Promise<Problem> {
  const [title, detail] = WORDS[answer.status] ?? [
    "The service could not do this",
    `It answered with status ${answer.status}. Try again in a moment.`,
  ];
  const body = await answer
    .json()
    .then((json: unknown) =>
      typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {},
    )
    .catch(() => ({}) as Record<string, unknown>);
  // Of the type about:blank the title only repeats the status in English.
  const named = (text(body.type) ?? BLANK) === BLANK ? undefined : text(body.title);
  return new Problem(answer.status, named ?? title, begun(text(body.detail) ?? detail));
}

export function unreachable(): Problem {
  return new Problem(
    0,
    "No answer",
    "The service cannot be reached. Check the network; the page tries again by itself.",
  );
}

/** Whatever was thrown, as a problem that can be shown. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  console.error(thrown);
  return new Problem(
    0,
    "Something went wrong on this page",
    "Reload the page. If it happens again, tell an administrator.",
  );
}

/** With a capital, unless it begins with the name of a field. */
function begun(detail: string): string {
  return /^[a-z]+[ ,]/.test(detail) ? sentence(detail) : detail;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
