/** A call of a page's function as text: what it gives comes back as JSON, and what it throws as an error of this process. */
export function sourceOf(work: (...given: never[]) => unknown, given: readonly unknown[]): string {
  const call = `(${work.toString()})(...${JSON.stringify(given)})`;
  return `Promise.resolve().then(() => ${call}).then((value) => JSON.stringify({ value }), (error) => JSON.stringify({ error: String(error) + "\\n" + String(error?.stack ?? "") }))`;
}

export function resultOf<Result>(answer: unknown): Result {
  const { value, error } = JSON.parse(String(answer)) as { value?: Result; error?: string };
  if (error !== undefined) throw new Error(error);
  return value as Result;
}
