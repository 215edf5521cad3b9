import type { Profile } from "../api/types";

/** The versions of each name, the newest first; names in the order of the list. */
export function byName(profiles: Profile[]): Profile[][] {
  const names = new Map<string, Profile[]>();
  for (const profile of profiles) names.set(profile.name, [...(names.get(profile.name) ?? []), profile]);
  return [...names.values()].map((versions) => versions.sort((one, other) => other.version - one.version));
}
