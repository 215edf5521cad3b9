import type { Reading, Span, TrackerAssessment } from "../api/types";

/** One tracker's line. Times are epoch seconds; `gaps` are the spans in which its temperature is unknown. */
export interface Track {
  devEui: string;
  points: { x: number; y: number }[];
  gaps: { from: number; to: number }[];
  /** The end of the assessed span: the last reading stands until here, unless a gap begins before. */
  until: number;
}

/** uPlot's columns: null breaks the line, undefined only says that another tracker has a value there. */
export interface Columns {
  x: number[];
  y: (number | null | undefined)[][];
  /** For each line the rows that were measured; the others only say until when a reading stands. */
  measured: number[][];
}

export function seconds(at: string): number {
  return Date.parse(at) / 1000;
}

/** Joins what was measured with what the assessment says about it; one track for each tracker, in its order. */
export function tracksOf(readings: Reading[], assessed: TrackerAssessment[]): Track[] {
  const order = [...new Set([...assessed, ...readings].map((item) => item.dev_eui))];
  return order.map((devEui) => {
    const parts = assessed.filter((part) => part.dev_eui === devEui);
    const points = readings
      .filter((reading) => reading.dev_eui === devEui)
      .map((reading) => ({ x: seconds(reading.measured_at), y: reading.temperature_c }))
      .sort((a, b) => a.x - b.x || a.y - b.y);
    const last = points.at(-1)?.x ?? -Infinity;
    return {
      devEui,
      points,
      gaps: parts
        .flatMap((part) => part.gaps)
        .map(spanOf)
        .sort((a, b) => a.from - b.from),
      until: Math.max(last, ...parts.map((part) => seconds(part.to))),
    };
  });
}

export function spanOf(span: Span): { from: number; to: number } {
  return { from: seconds(span.from), to: seconds(span.to) };
}

/**
 * All tracks on one x axis. Every reading is kept, two at one instant too: nothing is averaged or thinned, so
 * that no crossing of a limit can disappear. A reading stands until the next one or until a gap begins.
 */
export function columns(tracks: Track[]): Columns {
  const lines = tracks.map(lineOf);
  // The n-th value of a line at an instant shares its row with the n-th values of the other lines there.
  const rows = new Map<number, number>();
  for (const line of lines) {
    for (const [x, values] of line) rows.set(x, Math.max(rows.get(x) ?? 0, values.length));
  }
  const x: number[] = [];
  const measured: number[][] = lines.map(() => []);
  const y: (number | null | undefined)[][] = lines.map(() => []);
  for (const [at, count] of [...rows].sort(([a], [b]) => a - b)) {
    for (let n = 0; n < count; n += 1) {
      lines.forEach((line, index) => {
        const value = line.get(at)?.[n];
        y[index]?.push(value?.y);
        if (value?.measured) measured[index]?.push(x.length);
      });
      x.push(at);
    }
  }
  return { x, y, measured };
}

type Line = Map<number, { y: number | null; measured: boolean }[]>;

function lineOf(track: Track): Line {
  const line: Line = new Map();
  const put = (x: number, y: number | null, measured = false) =>
    line.set(x, [...(line.get(x) ?? []), { y, measured }]);
  let next = 0;
  let standing: number | null = null;
  const readingsBefore = (x: number) => {
    for (; next < track.points.length; next += 1) {
      const point = track.points[next];
      if (!point || point.x > x) break;
      put(point.x, point.y, true);
      standing = point.y;
    }
  };
  for (const gap of track.gaps) {
    readingsBefore(gap.from);
    if (standing !== null && !line.has(gap.from)) put(gap.from, standing);
    if (standing !== null) put((gap.from + gap.to) / 2, null);
    standing = null;
  }
  readingsBefore(Infinity);
  if (standing !== null && !line.has(track.until)) put(track.until, standing);
  return line;
}
