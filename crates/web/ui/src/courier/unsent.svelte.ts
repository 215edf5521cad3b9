/** Transfers that are done and not yet sent: kept in this browser before they are sent, and sent until the service has them. */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import { api } from "../api";
import { asProblem } from "../api/problem";
import { newUuid } from "../parts/uuid";
import { session } from "../session/session.svelte";
import { now } from "../time/now.svelte";
import type { Doing } from "./tasks";
import { outcomeOf, requestOf, toSend, withOnlyHere, type Refused, type Transfer } from "./transfer";

interface Kept extends DBSchema {
  transfers: { key: string; value: Transfer };
}

const NAME = "isotherm";
/** One tab sends, the others hear of it. */
const LOCK = "isotherm.transfers";
const TRY_AGAIN_MS = 15_000;
/** Whoever confirmed a transfer is told so soon that it is kept, where the network takes its time. */
const TOLD_AFTER_MS = 5000;

class Unsent {
  /** All that this browser keeps, other people's too. */
  all = $state.raw<Transfer[]>([]);
  /** False where this browser keeps nothing: what is not sent is lost when the page is closed. */
  keeps = $state(true);
  /** Tasks that were done and sent, until a list is fetched that knows of it. */
  sent = $state.raw<string[]>([]);
  /** Ids of those that this browser had no room for: they are here alone. */
  readonly #onlyHere = new Set<string>();
  #database: Promise<IDBPDatabase<Kept>> | null = null;
  #channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(LOCK);

  /** What whoever is logged in did. */
  get own(): Transfer[] {
    return this.all.filter((one) => one.user === session.current?.user.id);
  }

  /** Sends what is kept, now and whenever there may be a network again, until the returned function is called. */
  start(): () => void {
    const send = () => void this.send();
    const load = () => void this.load();
    const timer = setInterval(send, TRY_AGAIN_MS);
    window.addEventListener("online", send);
    this.#channel?.addEventListener("message", load);
    void this.load().then(send);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", send);
      this.#channel?.removeEventListener("message", load);
    };
  }

  /** Keeps it, and then sends it: what became of it, or why it was refused. */
  async add(doing: Doing, task: string, words: string): Promise<"sent" | "kept" | Refused> {
    const user = session.current?.user;
    if (!user) throw new Error("nobody is logged in");
    const id = newUuid();
    const done_at = new Date(now.ms).toISOString();
    await this.#put({ id, user: user.id, email: user.email, done_at, task, words, refused: null, ...doing });
    const patience = new Promise<void>((resolve) => setTimeout(resolve, TOLD_AFTER_MS));
    await Promise.race([this.send(), patience]);
    const left = this.all.find((one) => one.id === id);
    return left ? (left.refused ?? "kept") : "sent";
  }

  /** A list was fetched after these were sent. */
  forget(tasks: string[]): void {
    this.sent = this.sent.filter((task) => !tasks.includes(task));
  }

  async send(): Promise<void> {
    if (session.current === null || this.all.length === 0) return;
    if (!("locks" in navigator)) return this.#sendAll();
    // Who waits finds what the one before him left.
    await navigator.locks.request(LOCK, async () => {
      await this.load();
      await this.#sendAll();
    });
  }

  /** After something was done about it. */
  retry = async (id: string): Promise<void> => {
    const one = this.all.find((kept) => kept.id === id);
    if (one) await this.#put({ ...one, refused: null });
    await this.send();
  };

  discard = async (id: string): Promise<void> => {
    await this.#inDatabase((database) => database.delete("transfers", id));
    this.#onlyHere.delete(id);
    this.all = this.all.filter((one) => one.id !== id);
    this.#channel?.postMessage("changed");
  };

  async load(): Promise<void> {
    const kept = await this.#inDatabase((database) => database.getAll("transfers"));
    if (kept) this.all = withOnlyHere(kept, this.all, this.#onlyHere);
  }

  async #sendAll(): Promise<void> {
    const user = session.current?.user.id;
    if (user === undefined) return;
    const failed = new Set<string>();
    for (const one of toSend(this.all, user)) {
      if (failed.has(one.path.id)) continue;
      // Another log-in may have happened meanwhile.
      if (session.current?.user.id !== user) return;
      try {
        await api.sendTransfer(one.path, one.id, requestOf(one));
        this.sent = [...this.sent, one.task];
        await this.discard(one.id);
      } catch (thrown) {
        const outcome = outcomeOf(thrown);
        if (outcome === "nobody") return;
        if (outcome === "failed") {
          // What the service cannot digest holds up what rests on it, and nothing else.
          failed.add(one.path.id);
          continue;
        }
        const { title, detail } = asProblem(thrown);
        await this.#put({ ...one, refused: { title, detail } });
      }
    }
  }

  async #put(transfer: Transfer): Promise<void> {
    const key = await this.#inDatabase((database) => database.put("transfers", transfer));
    if (key === undefined) this.#onlyHere.add(transfer.id);
    else this.#onlyHere.delete(transfer.id);
    this.all = [...this.all.filter((one) => one.id !== transfer.id), transfer];
    this.#channel?.postMessage("changed");
  }

  /** Undefined where this browser keeps nothing, or has no room. */
  async #inDatabase<T>(act: (database: IDBPDatabase<Kept>) => Promise<T>): Promise<T | undefined> {
    try {
      this.#database ??= openDB<Kept>(NAME, 1, {
        upgrade: (database) => void database.createObjectStore("transfers", { keyPath: "id" }),
      });
      return await act(await this.#database);
    } catch {
      this.keeps = false;
      return undefined;
    }
  }
}

export const unsent = new Unsent();
