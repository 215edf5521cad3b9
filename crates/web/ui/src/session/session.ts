import type { LogIn, Permission, User } from "../api/types";

export interface Session {
  token: string;
  user: User;
}

const KEY = "isotherm.session";
type Box = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The stored session; null where there is none, or none that can be read. */
export function load(box: Box | null): Session | null {
  try {
    const stored: unknown = JSON.parse(box?.getItem(KEY) ?? "null");
    return isSession(stored) ? stored : null;
  } catch {
    return null;
  }
}

export function opened(answer: LogIn): Session {
  return { token: answer.access_token, user: answer.user };
}

/** Whether the session's user may do this. The service decides anew each time; the page only offers what it will grant. */
export function may(session: Session | null, permission: Permission): boolean {
  return session?.user.permissions.includes(permission) ?? false;
}

/** Keeps the session for this tab only. A browser that refuses storage keeps it until the next reload. */
export function save(box: Box | null, session: Session | null): void {
  try {
    if (session === null) box?.removeItem(KEY);
    else box?.setItem(KEY, JSON.stringify(session));
  } catch {
    // Storage is full or forbidden: the session lives in memory alone.
  }
}

function isSession(value: unknown): value is Session {
  if (typeof value !== "object" || value === null) return false;
  const { token, user } = value as Partial<Session>;
  if (typeof token !== "string" || token === "") return false;
  return typeof user?.email === "string" && Array.isArray(user.permissions);
}
