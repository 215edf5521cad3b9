/** What there is to do with boxes: take over, hand over, wait for an answer. A pallet with forty boxes is one of them. */
import type { Handover, HeldBoxes, InParent, OpenOffer, TransferPath } from "../api/types";

export type What = "take" | "hand" | "wait";

/** Of what is said: done, not yet sent, not done. */
export type Tone = "good" | "later" | "wrong";

export interface Task {
  /** The same for the same work as long as it is to be done. */
  key: string;
  what: What;
  /** Handed over as one. */
  parent: Omit<InParent, "boxes"> | null;
  parts: Part[];
}

/** The boxes of one shipment. */
export interface Part {
  handover: Handover;
  boxes: number[];
  offer: OpenOffer | null;
  held: HeldBoxes | null;
}

/** In the order of the answer; each box in one of them. */
export function tasksOf(handovers: Handover[]): Task[] {
  const tasks = new Map<string, Task>();
  for (const handover of handovers) {
    for (const offer of handover.to_take) add(tasks, "take", handover, { offer, held: null }, offer.boxes);
    for (const held of handover.held) add(tasks, "hand", handover, { offer: null, held }, held.boxes);
    for (const offer of handover.offered) add(tasks, "wait", handover, { offer, held: null }, offer.boxes);
  }
  return [...tasks.values()];
}

function add(
  tasks: Map<string, Task>,
  what: What,
  handover: Handover,
  by: Pick<Part, "offer" | "held">,
  numbers: number[],
): void {
  // What waits is waited for by its offer: nothing is done with it as one.
  const parents = what === "wait" ? [] : handover.parents;
  for (const parent of parents) {
    const boxes = numbers.filter((number) => parent.boxes.includes(number));
    if (boxes.length === 0) continue;
    const key = `${what}-${parent.id}`;
    const { boxes: _, ...named } = parent;
    const task = tasks.get(key) ?? { key, what, parent: named, parts: [] };
    task.parts.push({ handover, boxes, ...by });
    tasks.set(key, task);
  }
  const loose = numbers.filter((number) => !parents.some(({ boxes }) => boxes.includes(number)));
  if (loose.length === 0) return;
  const key = `${what}-${by.offer?.entry ?? `${handover.shipment.id}-${loose[0]}`}`;
  tasks.set(key, { key, what, parent: null, parts: [{ handover, boxes: loose, ...by }] });
}

/** A box that is left out, and why. */
export interface Exception {
  shipment: string;
  box: number;
  reason: string;
}

/** Of the task's own boxes: others may have gone since they were left out. */
export function leftOut(task: Task, exceptions: Exception[]): Exception[] {
  return exceptions.filter(({ shipment, box }) =>
    task.parts.some(({ handover, boxes }) => handover.shipment.id === shipment && boxes.includes(box)),
  );
}

export function countOf(task: Task, exceptions: Exception[] = []): number {
  return task.parts.reduce((sum, { boxes }) => sum + boxes.length, 0) - leftOut(task, exceptions).length;
}

export function hasHold(task: Task): boolean {
  return task.parts.some(({ handover }) => handover.shipment.on_hold);
}

/** The request by which the task is done, without its id and time. */
export interface Doing {
  path: TransferPath;
  body: Record<string, unknown>;
}

export function accepting(task: Task, exceptions: Exception[]): Doing {
  const body = hasHold(task) ? { quarantine: true } : {};
  return doing(task, "accept", exceptions, body);
}

export function offering(task: Task, exceptions: Exception[], organisation: number): Doing {
  return doing(task, "offer", exceptions, { to: { organisation } });
}

export function refusing(task: Task, reason: string): Doing {
  return doing(task, "refuse", [], { reason });
}

function doing(
  task: Task,
  step: TransferPath["step"],
  marked: Exception[],
  more: Record<string, unknown>,
): Doing {
  const exceptions = leftOut(task, marked);
  if (task.parent) {
    const body: Record<string, unknown> = { ...more };
    if (exceptions.length > 0) body.exceptions = exceptions;
    // What comes later than this list was fetched is not what was seen.
    if (step !== "offer") body.answers = task.parts.flatMap(({ offer }) => offer?.entry ?? []);
    return { path: { of: "parents", id: task.parent.id, step }, body };
  }
  const [part] = task.parts;
  if (part === undefined) throw new Error("a task has boxes");
  const left = part.boxes.filter((box) => !exceptions.some((one) => one.box === box));
  const body: Record<string, unknown> = { ...more, boxes: left };
  if (exceptions.length > 0) body.exceptions = exceptions.map(({ box, reason }) => ({ box, reason }));
  if (step !== "offer" && part.offer) body.answers = part.offer.entry;
  return { path: { of: "shipments", id: part.handover.shipment.id, step }, body };
}
