/** What is said to a tracker, in words. */
import type { Command, DownlinkState, TrackerLimits } from "../api/types";
import { limit } from "../parts/words";
import { duration, exactDuration, localSpan } from "../time/words";

export const STATE: Record<DownlinkState, string> = {
  queued: "Waits for the network server since",
  handed_over: "Waits until the tracker is heard, since",
  acknowledged: "The tracker has it since",
  refused: "The tracker got it and did not obey it:",
  unanswered: "Sent, and the tracker did not answer:",
  failed: "Could not be sent:",
  expired: "Given up",
};

/** `entries 12 to 20`: of a tracker's log, by their numbers. */
export function entries(first: number, last: number): string {
  return first === last ? `entry ${first}` : `entries ${first} to ${last}`;
}

function count(number: number, one: string, more: string): string {
  return number === 1 ? `1 ${one}` : `${number} ${more}`;
}

/** `below 2 °C after 10 min, above 8 °C at once` */
export function limitsWords({ low_c, high_c, low_delay_min, high_delay_min }: TrackerLimits): string {
  const after = (minutes: number) => (minutes === 0 ? "at once" : `after ${duration(minutes * 60)}`);
  return `below ${limit(low_c)} ${after(low_delay_min)}, above ${limit(high_c)} ${after(high_delay_min)}`;
}

/** Times are of the browser's zone unless it is given. */
export function saidWords(command: Command, zone?: string): string {
  switch (command.kind) {
    case "acknowledge":
      return `${entries(command.first, command.last)} of its log are kept here`;
    case "resend":
      return `send ${entries(command.first, command.last)} of the log again`;
    case "read_log":
      return `send what its log holds of ${localSpan(command.from, command.to, zone)}`;
    case "thresholds":
      return `its own alarm is ${limitsWords(command)}`;
    case "intervals": {
      const readings = count(command.per_uplink, "reading", "readings");
      return `measure every ${duration(command.minutes * 60)}, send after ${readings}`;
    }
    case "clock": {
      const off = exactDuration(Math.abs(command.forward_s));
      return command.forward_s === 0
        ? "its clock is right"
        : `set the clock ${off} ${command.forward_s > 0 ? "forward" : "back"}`;
    }
    case "flight":
      return command.hours === 0
        ? "flight mode ends"
        : `send nothing for ${count(command.hours, "hour", "hours")}`;
    case "identify":
      return `blink for ${count(command.seconds, "second", "seconds")}, and say how it is`;
    case "restart":
      return "start anew";
  }
}
