import { requireFunction } from "./options.ts";

/** What every observer of ours is told: the caches' and pools', the adapters', and that of @tokenflight/oauth. */
interface AnyEvent {
  readonly type: string;
}

/**
 * An `observe` for token caches, pools, adapters and OAuth clients that writes each event as one line, such as
 * `tokenflight token-obtained reason=expired urgency=blocking duration=84ms`. No line holds a secret. `write` is given each line; default `console.log`.
 * Throws InvalidOptionError.
 *
 * @example createTokenCache({ source, observe: consoleObserver() })
 */
export function consoleObserver(write: (line: string) => void = (line) => console.log(line)): (event: AnyEvent, key?: string) => void {
  requireFunction("consoleObserver.write", write);
  return (event, key) => {
    const about = key === undefined ? [] : [`key=${textOf("key", key)}`];
    for (const [name, value] of Object.entries(event)) {
      if (name !== "type" && value !== undefined) about.push(`${name}=${textOf(name, value)}`);
    }
    write(["tokenflight", event.type, ...about].join(" "));
  };
}

/** Names of fields that are milliseconds. */
const durations = new Set(["duration", "pause", "retryIn"]);

function textOf(name: string, value: unknown): string {
  if (value instanceof Error) {
    const { code = value.name, message } = value as Error & { code?: string };
    return `${code} ${JSON.stringify(message)}`;
  }
  if (typeof value === "number") {
    if (name === "expiresAt") return new Date(value).toISOString();
    return durations.has(name) ? `${Math.round(value)}ms` : String(value);
  }
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((one) => textOf(name, one)).join(",");
  const text = String(value);
  return /^[\w.:/@+~-]+$/.test(text) ? text : JSON.stringify(text);
}
