/** What was known when: each past assessment against the one before of the same ride, in words. */
import type { Alarm, Episode, PastAssessment } from "../api/types";
import { apart, ofDurations, ofWords, type Difference } from "../parts/difference";
import { ASSESSMENT, humidity, temperature } from "../parts/words";
import { duration, exactDuration, exactTime, localTime } from "../time/words";

export interface Known {
  past: PastAssessment;
  /** Nothing was known of its ride before. */
  isFirst: boolean;
  /** Null where the one before is not loaded. */
  differences: Difference[] | null;
}

/** What an alarm is about; null where that is not known here. */
export type QuantityOf = (alarm: string) => Alarm["quantity"] | null;

/** `latestFirst`: those that are loaded; `isAll`: there are no earlier ones. */
export function knownWhen(latestFirst: PastAssessment[], isAll: boolean, quantityOf: QuantityOf): Known[] {
  return latestFirst.map((past, index) => {
    const earlier = latestFirst.slice(index + 1).filter((other) => isOfSameRide(other, past));
    const isFirst = earlier.length === 0 && isAll;
    if (earlier.length === 0 && !isAll) return { past, isFirst, differences: null };
    return {
      past,
      isFirst,
      differences: [...ofFigures(earlier[0], past), ...ofEpisodes(earlier, past, isAll, quantityOf)],
    };
  });
}

/** A tracker that left and came back rides anew. */
function isOfSameRide(a: PastAssessment, b: PastAssessment): boolean {
  return a.dev_eui === b.dev_eui && a.assessment.from === b.assessment.from;
}

function ofFigures(before: PastAssessment | undefined, past: PastAssessment): Difference[] {
  const { assessment, coverage } = past.assessment;
  if (before === undefined) {
    return [
      { what: "Out of range", from: null, to: duration(coverage.out_of_range_s) },
      { what: "Unknown", from: null, to: duration(coverage.unknown_s) },
    ];
  }
  const was = before.assessment;
  return [
    ofWords("Verdict", [ASSESSMENT[was.assessment], ASSESSMENT[assessment]]),
    ofDurations("Out of range", was.coverage.out_of_range_s, coverage.out_of_range_s),
    ofDurations("Unknown", was.coverage.unknown_s, coverage.unknown_s),
  ].filter((difference) => difference !== null);
}

/** `earlier`: those of the same ride before it, the latest first. */
function ofEpisodes(
  earlier: PastAssessment[],
  past: PastAssessment,
  isAll: boolean,
  quantityOf: QuantityOf,
): Difference[] {
  const before = episodesAfter(earlier);
  const said: { at: string; difference: Difference }[] = [];
  const say = (episode: Episode, words: string[]) => {
    const what = `“${episode.alarm}” of ${localTime(episode.began_at)}`;
    if (words.length > 0)
      said.push({ at: episode.began_at, difference: { what, from: null, to: words.join(", ") } });
  };
  // What is not listed any more was not looked at again.
  const free = before.filter((episode) => !isSettled(episode, past)).sort(byBeginning);
  for (const episode of [...past.assessment.episodes].sort(byBeginning)) {
    const place = free.findIndex((other) => overlaps(other, episode));
    const [was] = place === -1 ? [] : free.splice(place, 1);
    const extreme = extremeWith(quantityOf(episode.alarm));
    if (was) say(episode, changed(was, episode, extreme));
    else if (before.some((other) => overlaps(other, episode)))
      say(episode, ["split off", ...inFull(episode, extreme)]);
    else if (isNews(episode, earlier[0], isAll)) say(episode, ["added", ...inFull(episode, extreme)]);
  }
  for (const episode of free) {
    const joined = past.assessment.episodes.find((other) => overlaps(other, episode));
    say(episode, [joined ? `joined with the one of ${localTime(joined.began_at)}` : "removed"]);
  }
  return said.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).map(({ difference }) => difference);
}

/** All that is known of a ride's episodes after these assessments, the latest first. */
function episodesAfter(latestFirst: PastAssessment[]): Episode[] {
  return latestFirst.reduceRight<Episode[]>(
    (known, past) => [...known.filter((episode) => isSettled(episode, past)), ...past.assessment.episodes],
    [],
  );
}

/** It ended before anything that the assessment looked at again. */
function isSettled({ ended_at }: Episode, { settled_until }: PastAssessment): boolean {
  return ended_at !== null && settled_until !== null && Date.parse(ended_at) < Date.parse(settled_until);
}

/**
 * Whether an episode that is listed nowhere before was unknown then. One that had ended long before may merely have
 * been listed no more: if it alarmed, an assessment was kept at that time, and would list it.
 */
function isNews(episode: Episode, before: PastAssessment | undefined, isAll: boolean): boolean {
  return before === undefined || !isSettled(episode, before) || (isAll && episode.alarmed_at !== null);
}

/** Both are [began, ended). */
function overlaps(a: Episode, b: Episode): boolean {
  const endsBefore = (one: Episode, other: Episode) =>
    one.ended_at !== null && Date.parse(one.ended_at) <= Date.parse(other.began_at);
  return a.alarm === b.alarm && !endsBefore(a, b) && !endsBefore(b, a);
}

function byBeginning(a: Episode, b: Episode): number {
  return Date.parse(a.began_at) - Date.parse(b.began_at);
}

function inFull(episode: Episode, extreme: Extreme): string[] {
  const words = extreme(episode.extreme_c);
  return [
    `${duration(episode.exposure_s)}${episode.ended_at === null ? " so far" : ""}`,
    ...(words === null ? [] : [`extreme ${words}`]),
    episode.alarmed_at === null ? "alarm's delay not reached" : `alarmed ${localTime(episode.alarmed_at)}`,
  ];
}

function changed(was: Episode, is: Episode, extreme: Extreme): string[] {
  const [worst, now] = [extreme(was.extreme_c), extreme(is.extreme_c)];
  return [
    longer(was, is),
    instead("began", was.began_at, is.began_at),
    instead("ended", was.ended_at, is.ended_at) ??
      (was.ended_at === is.ended_at ? null : "goes on after all"),
    instead("alarmed", was.alarmed_at, is.alarmed_at) ??
      (was.alarmed_at === is.alarmed_at ? null : "alarm's delay not reached after all"),
    worst === now ? null : `extreme ${now} instead of ${worst}`,
  ].filter((words) => words !== null);
}

function longer({ exposure_s: was }: Episode, { exposure_s: is }: Episode): string | null {
  if (was === is) return null;
  const [from, to] = apart(was, is, duration, exactDuration);
  return `${is > was ? "extended" : "shortened"} from ${from} to ${to}`;
}

/** Null where there is nothing to say of the time as it is now. */
function instead(what: string, was: string | null, is: string | null): string | null {
  if (is === null || was === is) return null;
  if (was === null) return `${what} ${localTime(is)}`;
  const [from, to] = apart(was, is, localTime, exactTime);
  return `${what} ${to} instead of ${from}`;
}

type Extreme = (value: number) => string | null;

/** A number without its unit would be none. */
function extremeWith(quantity: Alarm["quantity"] | null): Extreme {
  return (value) =>
    quantity === null ? null : quantity === "humidity" ? humidity(value) : temperature(value);
}
