/**
 * What of several finds comes first: a heading that is the very word, then guides, then the reference, then the API and tables of measurements. The page's script gets this
 * function as its source text, so it uses nothing from around it.
 */
export function rank(id: string, term: string): number {
  if (id.endsWith(`#${term}`)) return 4;
  if (id.includes("/guides/")) return 2;
  return /\/(?:api|project|examples)\/|\/(?:reliability|benchmarks|architecture|shared-refresh|adapters)\b/.test(id) ? 0.3 : 1;
}
