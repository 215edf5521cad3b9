/** A webhook's body that could not be read, though its sender is known. */
export interface UnreadableBody {
  integration: string;
  arrived_at: string;
  reason: string;
  /** Its first 64 KiB; what is no UTF-8 is replaced. */
  body: string;
}

/** A message that was understood at the door and not behind it. */
export interface DeadLetter {
  reason: string;
  /** As it came; what is no UTF-8 is replaced. */
  line: string;
}

export interface Replayed {
  replayed: number;
}
