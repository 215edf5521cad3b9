import type { Page } from "./types";

/** Fetches the first `count` pages anew (Infinity: all), so that a refreshed list is as long as it was before. */
export async function firstPages<T>(
  count: number,
  fetchPage: (cursor: string | null) => Promise<Page<T>>,
): Promise<Page<T>> {
  const items: T[] = [];
  let next: string | null = null;
  for (let page = 0; page < count; page += 1) {
    const got: Page<T> = await fetchPage(next);
    items.push(...got.items);
    next = got.next ?? null;
    if (next === null) break;
  }
  return { items, next };
}
