/**
 * The words that the search knows: `offline_access` and `invalid_grant` are found as they stand, and by their parts. The page's script gets this function as its source text, so it
 * uses nothing from around it.
 */
export function tokenize(text: string): string[] {
  const words = text.split(/[\n\r\p{Z}\p{P}]+/u);
  const names = text.match(/[\p{L}\p{N}]+(?:[_-][\p{L}\p{N}]+)+/gu) ?? [];
  return [...words, ...names];
}
