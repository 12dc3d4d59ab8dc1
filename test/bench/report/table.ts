/** A Markdown table; columns after the first `left` ones hold numbers. */
export function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map((_, index) => (index < left ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
