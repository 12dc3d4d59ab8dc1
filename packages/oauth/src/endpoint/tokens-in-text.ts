// A body that is neither JSON nor a form may still have tokens in it: one that was cut off, or one with a warning before its JSON.

/**
 * Returns the values that a text has under a name, in whole pairs of name and value, of JSON or of a form. `name` is part of a pattern.
 */
export function valuesIn(text: string, name: string): string[] {
  // No two parts of a pattern can match the same text, so that a search takes one pass.
  const json = text.matchAll(new RegExp(String.raw`"${name}"\s*:\s*("(?:[^"\\]|\\.)*")`, "g"));
  const form = text.matchAll(new RegExp(String.raw`(?:^|[&?\s])${name}=([^&\s"'<>]*)`, "g"));
  return [
    ...[...json].flatMap(([, value = ""]) => readString(value) ?? []),
    ...[...form].flatMap(([, value = ""]) => new URLSearchParams(`v=${value}`).get("v") || []),
  ];
}

/** Whether a text has a field of this name, whatever its value. `name` is part of a pattern. */
export function hasFieldIn(text: string, name: string): boolean {
  return new RegExp(String.raw`"${name}"\s*:|(?:^|[&?\s])${name}=`).test(text);
}

function readString(json: string): string | undefined {
  try {
    return (JSON.parse(json) as string) || undefined;
  } catch {
    return undefined;
  }
}
