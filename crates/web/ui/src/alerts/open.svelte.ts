import { api } from "../api";
import type { Alert } from "../api/types";
import { live } from "../live/live.svelte";
import { announcement } from "./words";

/** The open alerts' count for the navigation, and what is new among them for the live region. */
class OpenAlerts {
  count = $state<number | null>(null);
  /** There are more than were counted. */
  more = $state(false);
  fresh = $state.raw<Alert[]>([]);
  announced = $state("");
  #seen: Set<string> | null = null;

  start(): () => void {
    this.#seen = null;
    this.fresh = [];
    this.announced = "";
    void this.refresh().catch(() => undefined);
    return live.refresh((change) => change.what === "alert", this.refresh, 500);
  }

  dismiss(): void {
    this.fresh = [];
  }

  refresh = async (): Promise<void> => {
    const { items, next } = await api.alerts("open", null);
    this.count = items.length;
    this.more = next !== null;
    const seen = this.#seen;
    // What was open when the page came up is not news.
    const fresh = seen === null ? [] : items.filter((alert) => !seen.has(alert.id));
    this.#seen = new Set([...(seen ?? []), ...items.map((alert) => alert.id)]);
    const still = this.fresh.filter((alert) => items.some((item) => item.id === alert.id));
    this.fresh = [...fresh, ...still];
    if (fresh.length > 0) this.announced = announcement(fresh);
  };
}

export const openAlerts = new OpenAlerts();
