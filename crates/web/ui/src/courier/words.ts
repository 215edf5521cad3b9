/** Tasks in words. */
import type { HeldBoxes } from "../api/types";
import { name as parentName } from "../parents/words";
import { boxes as inWords } from "../shipments/custody";
import { verdict, type Tone, type Verdict } from "../shipments/verdict";
import { countOf, leftOut, type Exception, type Part, type Task } from "./tasks";

export const REASONS = ["missing", "damaged", "wet", "opened"];

/** `Pallet P-7` or the shipment's reference. */
export function nameOf({ parent, parts }: Task): string {
  return parent ? parentName(parent) : (parts[0]?.handover.shipment.reference ?? "");
}

/** `1 box`, `40 boxes`. */
export function counted(count: number): string {
  return count === 1 ? "1 box" : `${count} boxes`;
}

/** `box 1 to 3 of PO-1`, but for those left out; of many shipments their number. */
export function whichBoxes(task: Task, exceptions: Exception[] = []): string {
  const { parts } = task;
  const [first] = parts;
  if (first && parts.length === 1) {
    const boxes = first.boxes.filter((box) => !leftOut(task, exceptions).some((one) => one.box === box));
    const word = boxes.length === 1 ? "box" : "boxes";
    return `${word} ${inWords(boxes)} of ${first.handover.shipment.reference}`;
  }
  return `${counted(countOf(task, exceptions))} of ${parts.length} shipments`;
}

/** Who offers, or to whom it was offered; each once. */
export function others({ what, parts }: Task): string {
  const names = parts.flatMap(({ offer }) => {
    const side = what === "take" ? offer?.by : offer?.to;
    return side ? [side.organisation.name] : [];
  });
  return [...new Set(names)].join(", ");
}

/** The handover that all of it has next; null where there is none, or several. */
export function nextOf({ parts }: Task): HeldBoxes["next"] {
  const all = parts.map(({ held }) => held?.next ?? null);
  const [first] = all;
  return first && all.every((next) => next?.to === first.to && next.place === first.place) ? first : null;
}

const GRAVEST: Tone[] = ["bad", "look", "unknown", "quiet", "good"];

/** How the parts of a task stand, the gravest first; those that stand alike together. */
export function states(task: Task): { verdict: Verdict; parts: Part[] }[] {
  const found = new Map<string, { verdict: Verdict; parts: Part[] }>();
  for (const part of task.parts) {
    const stands = verdict(part.handover.shipment, false);
    const key = JSON.stringify(stands);
    const group = found.get(key) ?? { verdict: stands, parts: [] };
    group.parts.push(part);
    found.set(key, group);
  }
  return [...found.values()].sort(
    (one, other) => GRAVEST.indexOf(one.verdict.tone) - GRAVEST.indexOf(other.verdict.tone),
  );
}

/** What goes on record, said before and after it is done. */
export function done(
  step: "accept" | "offer" | "refuse",
  task: Task,
  exceptions: Exception[],
  to = "",
): string {
  const what = task.parent
    ? `${counted(countOf(task, exceptions))} on ${nameOf(task)}`
    : whichBoxes(task, exceptions);
  switch (step) {
    case "accept":
      return `took over ${what}`;
    case "offer":
      return `offered ${what} to ${to}`;
    case "refuse":
      return `refused ${what}`;
  }
}
