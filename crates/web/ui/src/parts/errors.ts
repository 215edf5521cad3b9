import { tick } from "svelte";

/** After a form was refused: the focus goes to the first field that says so. */
export async function focusFirstError(form: HTMLElement): Promise<void> {
  await tick();
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
