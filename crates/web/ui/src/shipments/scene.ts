/** From the API's assessment to what the chart shows and says. */
import type { Profile, Range, Reading, TrackerAssessment } from "../api/types";
import { seconds, spanOf, type Track } from "../chart/columns";
import type { Scene } from "../chart/paint";
import type { Window } from "../chart/zoom";
import { limit, temperature } from "../parts/words";

export function limitsOf(profile: Profile | null): Scene["limits"] {
  const alarms = profile?.definition.alarm ?? [];
  const byValue = new Map<string, { at: number; names: string[] }>();
  for (const alarm of alarms.filter(({ quantity }) => quantity === "temperature")) {
    const at = alarm.above ?? alarm.below;
    if (at === undefined) continue;
    const sign = alarm.above === undefined ? "<" : ">";
    const words = `${sign}${alarm.inclusive ? "=" : ""} ${limit(at)}`.replace(">=", "≥").replace("<=", "≤");
    const line = byValue.get(words) ?? { at, names: [] };
    line.names.push(alarm.name);
    byValue.set(words, line);
  }
  return [...byValue].map(([words, { at, names }]) => ({ at, label: `${names.join(", ")} ${words}` }));
}

/** `order`: the trackers as the chart draws them. */
export function sceneOf(
  range: Range | null,
  limits: Scene["limits"],
  assessed: TrackerAssessment[],
  order: string[],
): Scene {
  return {
    range: { min: range?.min_c ?? null, max: range?.max_c ?? null },
    limits,
    episodes: assessed.flatMap((part) =>
      part.episodes.map((episode) => ({
        from: seconds(episode.began_at),
        to: seconds(episode.ended_at ?? part.to),
        alarmed: episode.alarmed_at === null ? null : seconds(episode.alarmed_at),
      })),
    ),
    gaps: assessed.flatMap((part) =>
      part.gaps.map((gap) => ({ ...spanOf(gap), line: order.indexOf(part.dev_eui) })),
    ),
  };
}

/** What the chart shows unzoomed; null where there is neither a reading nor an assessed span. */
export function wholeOf(tracks: Track[], assessed: TrackerAssessment[]): Window | null {
  const xs = tracks.flatMap(({ points }) => [points[0]?.x, points.at(-1)?.x]).filter((x) => x !== undefined);
  const ends = [...xs, ...assessed.flatMap((part) => [seconds(part.from), seconds(part.to)])];
  if (xs.length === 0) return null;
  const [min, max] = [Math.min(...ends), Math.max(...ends)];
  return { min, max: max > min ? max : min + 60 };
}

/** The chart in one sentence, for those who do not see it. */
export function summaryOf(readings: Reading[], assessed: TrackerAssessment[]): string {
  const values = readings.map(({ temperature_c }) => temperature_c);
  if (values.length === 0) return "Temperature chart without readings.";
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const episodes = assessed.reduce((sum, part) => sum + part.episodes.length, 0);
  const gaps = assessed.reduce((sum, part) => sum + part.gaps.length, 0);
  return (
    `Temperature chart: ${values.length} readings between ${temperature(low)} and ${temperature(high)}, ` +
    `${count(episodes, "alarm episode")}, ${count(gaps, "gap")} in which the temperature is unknown. ` +
    "The same readings follow as a table."
  );
}

function count(n: number, what: string): string {
  return n === 0 ? `no ${what}` : n === 1 ? `1 ${what}` : `${n} ${what}s`;
}
