/** Header lines with their names in lower case, in an order of their own: a client may put the token anywhere among them. */
export function headerLines(rawHeaders: readonly string[]): string[] {
  const lines: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) lines.push(`${rawHeaders[index]?.toLowerCase()}: ${rawHeaders[index + 1]}`);
  return lines.toSorted();
}
