import ky, { type KyInstance } from "ky";
import type { Send, Setting } from "./client-contender.ts";
import { fetchOf } from "./fetch-base.ts";

/** A ky instance as every ky contender begins with: no timeout, because a crowd waits for its turn, and no retries by itself. */
export function kyInstance(setting: Setting, headers: Record<string, string> = {}): KyInstance {
  return ky.create({ prefix: setting.origin, headers, retry: 0, timeout: false, fetch: fetchOf(setting) });
}

export function sendWith(instance: KyInstance): Send {
  return (path, body) => (body === undefined ? instance.get(path.slice(1)) : instance.post(path.slice(1), { body })).json();
}
