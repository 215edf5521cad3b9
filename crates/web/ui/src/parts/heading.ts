/** Whoever comes to a place begins at its heading, by keyboard and by screen reader. */
export function focusHeading(): void {
  window.scrollTo(0, 0);
  document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
}
