import type uPlot from "uplot";
import { clockTime, dayAndMonth, zoneName } from "../time/words";
import type { Colours } from "./paint";

const DAY_S = 86_400;
/** As uPlot has them: 10 and 5. */
const TICKS_AND_GAP = 16;
const FONT = "12px system-ui, sans-serif";

export function axes(colours: Colours): uPlot.Axis[] {
  const look = {
    stroke: colours.text,
    font: FONT,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.grid, width: 1 },
  };
  return [
    { ...look, space: 64, size: 52, values: (_, splits, _axis, _space, step) => timeLabels(splits, step) },
    {
      ...look,
      size: (u, values) => TICKS_AND_GAP + widest(u, values ?? []),
      values: (_, splits) => splits.map((value) => `${String(+value.toFixed(2)).replace("-", "−")} °C`),
    },
  ];
}

/** In CSS pixels: a label such as −22.5 °C must not be cut. */
function widest({ ctx }: uPlot, labels: string[]): number {
  ctx.save();
  ctx.font = FONT;
  const widths = labels.map((label) => ctx.measureText(label).width);
  ctx.restore();
  return Math.ceil(Math.max(0, ...widths));
}

/** The time; below it the day where a new one begins, and once the zone. `step` in seconds. */
export function timeLabels(splits: number[], step: number, zone?: string): string[] {
  let before = "";
  return splits.map((split, index) => {
    const day = dayAndMonth(split * 1000, zone);
    const newDay = day !== before;
    before = day;
    if (step >= DAY_S) return index === 0 ? `${day}\n${zoneName(split * 1000, zone)}` : day;
    const time = clockTime(split * 1000, zone);
    if (index === 0) return `${time}\n${day} ${zoneName(split * 1000, zone)}`;
    return newDay ? `${time}\n${day}` : time;
  });
}
