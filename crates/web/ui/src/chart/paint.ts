/** What stands behind and over the lines: the range as a band, unknown spans, episodes, alarm limits. */
import type uPlot from "uplot";

export interface Scene {
  range: { min: number | null; max: number | null };
  limits: { label: string; at: number }[];
  episodes: { from: number; to: number; alarmed: number | null }[];
  /** `line`: the index of the tracker whose temperature is unknown then. */
  gaps: { from: number; to: number; line: number }[];
}

export interface Colours {
  text: string;
  ground: string;
  grid: string;
  band: string;
  limit: string;
  episode: string;
  alarmed: string;
  unknown: string;
  unknownSoft: string;
  out: string;
  lines: string[];
}

export function paintBehind(u: uPlot, scene: Scene, colours: Colours): void {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();

  const y = (value: number) => u.valToPos(value, "y", true);
  const high = scene.range.max === null ? top : y(scene.range.max);
  const low = scene.range.min === null ? top + height : y(scene.range.min);
  if (scene.range.min !== null || scene.range.max !== null) {
    ctx.fillStyle = colours.band;
    ctx.fillRect(left, high, width, low - high);
  }
  for (const episode of scene.episodes) fillSpan(u, episode, colours.episode);
  paintUnknown(u, scene, colours);
  ctx.restore();
}

/**
 * One tracker: the whole height is unknown. Several: a lane for each along the bottom, in its colour, because
 * another one's line goes on above.
 */
function paintUnknown(u: uPlot, scene: Scene, colours: Colours): void {
  const { top, height } = u.bbox;
  const lines = u.series.length - 1;
  if (lines <= 1) {
    const hatched = hatch(u.ctx, colours.unknown, colours.unknownSoft);
    for (const gap of scene.gaps) fillSpan(u, gap, hatched);
    return;
  }
  const lane = Math.min(12 * devicePixelRatio, height / (2 * lines));
  const patterns = new Map<number, CanvasPattern | string>();
  for (const gap of scene.gaps) {
    const colour = colours.lines[gap.line % colours.lines.length] ?? colours.unknown;
    const hatched = patterns.get(gap.line) ?? hatch(u.ctx, colour, colours.unknownSoft);
    patterns.set(gap.line, hatched);
    fillSpan(u, gap, hatched, top + height - (lines - gap.line) * lane, lane);
  }
}

export function paintOver(u: uPlot, scene: Scene, colours: Colours): void {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const px = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  outOfRange(u, scene, colours.out, px);

  ctx.lineWidth = 1.5 * px;
  ctx.setLineDash([6 * px, 4 * px]);
  ctx.strokeStyle = colours.limit;
  for (const limit of scene.limits) {
    const at = Math.round(u.valToPos(limit.at, "y", true));
    // Out of sight it has no label either: half of one at the edge says nothing.
    if (at < top || at > top + height) continue;
    line(ctx, left, at, left + width, at);
    label(ctx, limit.label, left + width - 6 * px, at, at - top > 20 * px, colours.ground, px);
  }

  ctx.setLineDash([]);
  ctx.strokeStyle = colours.alarmed;
  for (const { alarmed } of scene.episodes) {
    if (alarmed === null) continue;
    const at = Math.round(u.valToPos(alarmed, "x", true));
    line(ctx, at, top, at, top + height);
  }
  ctx.restore();
}

/** With a rim of the ground's colour, so that it stays readable over lines. */
function label(
  ctx: CanvasRenderingContext2D,
  words: string,
  x: number,
  y: number,
  above: boolean,
  ground: string,
  px: number,
): void {
  ctx.save();
  ctx.font = `600 ${12 * px}px system-ui, sans-serif`;
  ctx.textAlign = "right";
  ctx.textBaseline = above ? "bottom" : "top";
  ctx.fillStyle = ctx.strokeStyle;
  ctx.strokeStyle = ground;
  ctx.lineWidth = 3 * px;
  ctx.lineJoin = "round";
  ctx.setLineDash([]);
  ctx.strokeText(words, x, above ? y - 3 * px : y + 3 * px);
  ctx.fillText(words, x, above ? y - 3 * px : y + 3 * px);
  ctx.restore();
}

/** Draws again, in another colour and wider, exactly the steps whose reading lies outside; the ends are inside. */
function outOfRange(u: uPlot, { range }: Scene, colour: string, px: number): void {
  const { ctx } = u;
  const xs = u.data[0];
  const { min, max } = u.scales.x ?? {};
  if (min == null || max == null) return;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 3 * px;
  for (const ys of u.data.slice(1)) {
    let from: { x: number; y: number } | null = null;
    for (let row = 0; row < xs.length; row += 1) {
      const [x, value] = [xs[row], ys[row]];
      if (x === undefined || value === undefined) continue;
      if (from !== null && x >= min && from.x <= max) step(u, from, value === null ? from.x : x, px);
      from = value !== null && outside(value, range) ? { x, y: value } : null;
    }
    if (from !== null) step(u, from, from.x, px);
  }
}

function outside(value: number, { min, max }: Scene["range"]): boolean {
  return (max !== null && value > max) || (min !== null && value < min);
}

/** However short it stood, it is seen. */
function step(u: uPlot, from: { x: number; y: number }, until: number, px: number): void {
  const [x, y] = [u.valToPos(from.x, "x", true), u.valToPos(from.y, "y", true)];
  line(u.ctx, x - px, y, Math.max(u.valToPos(until, "x", true), x + px), y);
}

function fillSpan(
  u: uPlot,
  span: { from: number; to: number },
  fill: string | CanvasPattern,
  top = u.bbox.top,
  height = u.bbox.height,
): void {
  const from = u.valToPos(span.from, "x", true);
  const to = u.valToPos(span.to, "x", true);
  u.ctx.fillStyle = fill;
  // Even a short span is seen, whatever the zoom.
  u.ctx.fillRect(from, top, Math.max(to - from, 2 * devicePixelRatio), height);
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

function hatch(ctx: CanvasRenderingContext2D, stripe: string, ground: string): CanvasPattern | string {
  const size = 8 * devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const paint = tile.getContext("2d");
  if (!paint) return ground;
  paint.fillStyle = ground;
  paint.fillRect(0, 0, size, size);
  paint.strokeStyle = stripe;
  paint.lineWidth = 1.2 * devicePixelRatio;
  for (const shift of [-size, 0, size]) line(paint, shift, size, shift + size, 0);
  return ctx.createPattern(tile, "repeat") ?? ground;
}

/** Read from the page's style sheet, so that light and dark need no second list. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: of("--ink-soft"),
    ground: of("--surface"),
    grid: of("--line"),
    band: of("--chart-band"),
    limit: of("--look"),
    episode: of("--chart-episode"),
    alarmed: of("--bar-bad"),
    unknown: of("--bar-unknown"),
    unknownSoft: of("--unknown-soft"),
    out: of("--bar-bad"),
    lines: [of("--chart-1"), of("--chart-2"), of("--chart-3"), of("--chart-4")],
  };
}
