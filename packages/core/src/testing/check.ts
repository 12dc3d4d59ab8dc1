/** Throws when `holds` is false. No test runner is needed, and no value is shown that may be a token or a megabyte. */
export function check(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(`The store contract is broken: ${sentence}`);
}

/** Resolves to what `work` rejects with, or to undefined when it resolves. */
export async function rejection(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Rejects when `work` has not settled after `milliseconds`. */
export function within<Result>(milliseconds: number, work: Promise<Result>, sentence: string): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The store contract is broken: ${sentence} within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
