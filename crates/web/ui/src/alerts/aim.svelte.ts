/** The alert that a link leads to: its card takes the focus once it is there. */
class Aim {
  #at = $state<string | null>(null);

  set(alert: string): void {
    this.#at = alert;
  }

  /** Whether it is this one; only once. */
  hits(alert: string): boolean {
    if (this.#at !== alert) return false;
    this.#at = null;
    return true;
  }
}

export const aim = new Aim();
