/** Hands a file to whoever looks at the page, under that name. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Browsers fetch it at their leisure.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
