import { expect, test } from "vitest";
import type { Reading, TrackerAssessment } from "../api/types";
import { columns, tracksOf, type Track } from "./columns";

const track = (part: Partial<Track>): Track => ({ devEui: "a", points: [], gaps: [], until: 0, ...part });

test("a gap breaks the line where the last reading ceases to stand", () => {
  const { x, y, measured } = columns([
    track({
      points: [
        { x: 0, y: 5 },
        { x: 10, y: 6 },
        { x: 100, y: 7 },
      ],
      gaps: [{ from: 50, to: 100 }],
      until: 120,
    }),
  ]);
  expect(x).toEqual([0, 10, 50, 75, 100, 120]);
  expect(y).toEqual([[5, 6, 6, null, 7, 7]]);
  expect(measured).toEqual([[0, 1, 4]]);
});

test("a gap at the end leaves the line ended, and one before the first reading draws nothing", () => {
  const { x, y } = columns([
    track({
      points: [{ x: 20, y: 5 }],
      gaps: [
        { from: 0, to: 20 },
        { from: 60, to: 200 },
      ],
      until: 200,
    }),
  ]);
  expect(x).toEqual([20, 60, 130]);
  expect(y).toEqual([[5, 5, null]]);
});

test("two values at one instant are both kept, beside another tracker's one", () => {
  const { x, y } = columns([
    track({
      points: [
        { x: 10, y: 5 },
        { x: 10, y: 9 },
      ],
      until: 10,
    }),
    track({ devEui: "b", points: [{ x: 10, y: 4 }], until: 10 }),
  ]);
  expect(x).toEqual([10, 10]);
  expect(y).toEqual([
    [5, 9],
    [4, undefined],
  ]);
});

test("another tracker's readings do not break this one's line: absent is not unknown", () => {
  const { x, y } = columns([
    track({
      points: [
        { x: 0, y: 5 },
        { x: 20, y: 5 },
      ],
      until: 20,
    }),
    track({ devEui: "b", points: [{ x: 10, y: 4 }], gaps: [{ from: 14, to: 20 }], until: 20 }),
  ]);
  expect(x).toEqual([0, 10, 14, 17, 20]);
  expect(y[0]).toEqual([5, undefined, undefined, undefined, 5]);
  expect(y[1]).toEqual([undefined, 4, 4, null, undefined]);
});

test("of ten thousand readings none is thinned out: the one crossing is still there", () => {
  const points = Array.from({ length: 10_000 }, (_, n) => ({ x: n * 600, y: n === 6543 ? 8.01 : 5 }));
  const { x, y, measured } = columns([track({ points, until: 9999 * 600 })]);
  expect(x).toHaveLength(10_000);
  expect(measured[0]).toHaveLength(10_000);
  expect(y[0]?.filter((value) => value === 8.01)).toHaveLength(1);
});

test("readings are joined with their own tracker's gaps, whatever order they come in", () => {
  const reading = (dev_eui: string, minute: string, temperature_c: number): Reading => ({
    dev_eui,
    measured_at: `2026-03-01T08:${minute}:00Z`,
    received_at: "2026-03-01T09:00:00Z",
    sequence: null,
    temperature_c,
    min_c: null,
    max_c: null,
    humidity_pct: null,
    out_of_range_s: null,
    conflict: false,
  });
  const at = (minute: string) => Date.parse(`2026-03-01T08:${minute}:00Z`) / 1000;
  const assessed: TrackerAssessment = {
    dev_eui: "b",
    from: "2026-03-01T08:00:00Z",
    to: "2026-03-01T08:50:00Z",
    until: null,
    readings: 1,
    min_c: 4,
    max_c: 4,
    mean_c: 4,
    mkt_c: null,
    coverage: { in_range_s: 0, out_of_range_s: 0, unknown_s: 0 },
    episodes: [],
    exposures: [],
    mkt_windows: [],
    assessment: "incomplete",
    gaps: [{ from: "2026-03-01T08:40:00Z", to: "2026-03-01T08:50:00Z" }],
  };
  const tracks = tracksOf([reading("a", "20", 6), reading("b", "10", 4), reading("a", "05", 5)], [assessed]);
  expect(tracks.map(({ devEui }) => devEui)).toEqual(["b", "a"]);
  expect(tracks[0]).toMatchObject({ gaps: [{ from: at("40"), to: at("50") }], until: at("50") });
  expect(tracks[1]?.points).toEqual([
    { x: at("05"), y: 5 },
    { x: at("20"), y: 6 },
  ]);
  expect(tracks[1]?.until).toBe(at("20"));
});
