import type { MarkdownRenderer } from "vitepress";

type Token = ReturnType<MarkdownRenderer["parse"]>[number];

/** A table of more columns is a matrix, which is looked at as a whole and scrolls on a phone. */
const mostStacked = 5;

/**
 * On a phone the cells of a row stand one below the other, each with its column's name (`theme/tables.css`). That takes the meaning of a table from its elements,
 * so their roles say it.
 */
export function stackTables(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("stack-tables", ({ tokens }) =>
    tokens.forEach((token, index) => token.type === "table_open" && stack(tokens, index)),
  );
  markdown.renderer.rules["table_open"] = (tokens, index, options, _, renderer) => renderer.renderToken(tokens, index, options);
}

function stack(tokens: Token[], start: number): void {
  const end = tokens.findIndex(({ type }, index) => index > start && type === "table_close");
  const table = tokens.slice(start, end);
  const columns = table.flatMap(({ type }, index) => (type === "th_open" ? [textOf(table[index + 1])] : []));
  // One that is wider than the page scrolls, and a keyboard gets to it.
  tokens[start]?.attrSet("tabindex", "0");
  if (columns.length > mostStacked) return;
  tokens[start]?.attrSet("class", "stacked");
  let column = 0;
  for (const token of table) {
    const role = roles[token.type];
    if (role !== undefined) token.attrSet("role", role);
    if (token.type === "tr_open") column = 0;
    if (token.type === "td_open") token.attrSet("data-column", columns[column++] ?? "");
  }
}

const roles: Record<string, string> = {
  table_open: "table",
  thead_open: "rowgroup",
  tbody_open: "rowgroup",
  tr_open: "row",
  th_open: "columnheader",
  td_open: "cell",
};

function textOf(token: Token | undefined): string {
  return (token?.children ?? []).map(({ content }) => content).join("");
}
