import type { Alert } from "../api/types";

/** An alert that was acknowledged here, and what stood behind it then. */
export interface Done {
  alert: Alert;
  behind: string[];
}

/** Of an alert that was just acknowledged, `shown` being the list in which it stands. */
export function done(alert: Alert, shown: Alert[]): Done {
  const place = shown.findIndex(({ id }) => id === alert.id);
  return { alert, behind: shown.slice(place + 1).map(({ id }) => id) };
}

/**
 * The list as fetched, with what was acknowledged here kept in its place: an element that moves, or goes and comes
 * again, would lose the reader's eye and the keyboard's focus. `kept`: the earliest first.
 */
export function withKept(fetched: Alert[], kept: Done[]): Alert[] {
  const list = [...fetched];
  for (const { alert, behind } of kept) {
    const there = list.findIndex(({ id }) => id === alert.id);
    if (there !== -1) {
      // Fetched before the acknowledgement counted.
      if (list[there]?.acknowledged_at === null) list[there] = alert;
      continue;
    }
    const next = list.findIndex(({ id }) => behind.includes(id));
    list.splice(next === -1 ? list.length : next, 0, alert);
  }
  return list;
}
