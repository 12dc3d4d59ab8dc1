import { ChangeListeners } from "@tokenflight/core";
import { versionLength } from "./scripts.ts";

/** What others are told of one write. */
export interface Change {
  readonly key: string;
  readonly version: string;
  readonly mark: string | undefined;
}

/** What follows the version in a message: JSON, in which every key and every mark survives. */
export function writeChange(key: string, mark: string | undefined): string {
  return JSON.stringify(mark === undefined ? [key] : [key, mark]);
}

/** Undefined for whatever else others publish on the channel. */
export function readMessage(text: string): Change | undefined {
  const version = text.slice(0, versionLength);
  if (!/^[0-9a-f]{32}$/.test(version)) return undefined;
  try {
    const told: unknown = JSON.parse(text.slice(versionLength));
    if (!Array.isArray(told) || typeof told[0] !== "string") return undefined;
    return { key: told[0], version, mark: ChangeListeners.markOf({ mark: told[1] as string }) };
  } catch {
    return undefined;
  }
}
