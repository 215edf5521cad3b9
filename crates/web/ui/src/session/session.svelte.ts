import type { LogIn, Permission } from "../api/types";
import { load, may, opened, save, type Session } from "./session";

export type Ending = "expired" | "left";

class SessionState {
  current = $state.raw<Session | null>(load(box()));
  /** Why the last session ended, so that the log-in page can say it. */
  ending = $state.raw<Ending | null>(null);

  may(permission: Permission): boolean {
    return may(this.current, permission);
  }

  /** Places, lanes and plans are the tenant's alone, whatever a role may. */
  get maySeePlaces(): boolean {
    return this.may("read_places") && this.current?.user.of_tenant !== false;
  }

  begin(answer: LogIn): void {
    this.current = opened(answer);
    this.ending = null;
    save(box(), this.current);
  }

  end(why: Ending): void {
    this.current = null;
    this.ending = why;
    save(box(), null);
  }
}

/** Even naming sessionStorage throws where a browser's policy forbids it. */
function box(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

export const session = new SessionState();
