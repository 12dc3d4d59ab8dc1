/** What the page says of some waits: their median and the largest, in whole milliseconds. */
export function medianAndLargest(waits: readonly number[]): { readonly median: number; readonly largest: number } {
  const sorted = waits.toSorted((one, other) => one - other);
  const at = (place: number): number => Math.round(sorted[place] ?? Number.NaN);
  return { median: at(Math.floor(sorted.length / 2)), largest: at(sorted.length - 1) };
}
