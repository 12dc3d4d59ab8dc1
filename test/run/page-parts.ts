/** A table, as the formatter writes it. */
export function tableOf(heads: readonly string[], cells: readonly (readonly string[])[]): string {
  const widths = heads.map((head, index) => Math.max(...[head, ...cells.map((row) => row[index] ?? "")].map((cell) => cell.length)));
  const line = (row: readonly string[], fill = " "): string =>
    `| ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0, fill)).join(" | ")} |`;
  return [
    line(heads),
    line(
      heads.map(() => ""),
      "-",
    ),
    ...cells.map((row) => line(row)),
  ].join("\n");
}

/** A page with a text between the mark that says who writes it and the next `<!-- Its end. -->`. Throws Error where the page has no such place, or two. */
export function withinMarks(page: string, writer: string, text: string): string {
  const begin = `<!-- ${writer} -->\n\n`;
  const end = "\n\n<!-- Its end. -->";
  const [head, ...rest] = page.split(begin);
  const [, ...tail] = (rest[0] ?? "").split(end);
  if (rest.length !== 1 || tail.length === 0) throw new Error(`There is no place for a text of its own on the page: ${writer}`);
  return `${head}${begin}${text}${end}${tail.join(end)}`;
}
