/** Keeps a server's words to the characters of RFC 6749 section 5.2, so that a log line stays one line, and to `longest` of them. */
export function clean(text: string, longest: number): string {
  const cleaned = text
    .replaceAll('"', "'")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[^\x20-\x7e]|\\/gu, "?");
  return cleaned.trim().slice(0, longest);
}
