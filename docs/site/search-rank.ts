/**
 * What of several finds comes first: guides, then the reference, then the API and tables of measurements; but a name of the API is found where the API has it. The page's script
 * gets this function as its source text, so it uses nothing from around it.
 */
export function rank(id: string, term: string): number {
  if (id.includes("/guides/")) return 2;
  if (id.includes("/api/")) return id.endsWith(`#${term}`) ? 2.5 : 0.3;
  return /\/(?:project|examples)\/|\/(?:reliability|benchmarks|architecture|shared-refresh|adapters)\b/.test(id) ? 0.3 : 1;
}
