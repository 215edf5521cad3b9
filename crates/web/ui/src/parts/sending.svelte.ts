import { asProblem, type Problem } from "../api/problem";
import { focusFirstError } from "./errors";
import { refusal } from "./refusal";

/** A form that is sent: once at a time, and what is refused is said at its field, which takes the focus. */
export class Sending<F extends string> {
  busy = $state(false);
  problem = $state.raw<Problem | null>(null);
  errors = $state.raw<Partial<Record<F, string>>>({});
  readonly #fields: readonly F[];

  constructor(fields: readonly F[]) {
    this.#fields = fields;
  }

  /** `wrong`: what the page itself finds at the fields; the empty text is no error. True where it was done. */
  async send(
    event: SubmitEvent,
    wrong: Partial<Record<F, string>>,
    act: () => Promise<unknown>,
  ): Promise<boolean> {
    event.preventDefault();
    if (this.busy) return false;
    const form = event.currentTarget as HTMLFormElement;
    this.problem = null;
    this.errors = wrong;
    if (this.#fields.some((field) => wrong[field])) {
      await focusFirstError(form);
      return false;
    }
    this.busy = true;
    try {
      await act();
      return true;
    } catch (thrown) {
      ({ errors: this.errors, problem: this.problem } = refusal(asProblem(thrown), this.#fields));
      await focusFirstError(form);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
