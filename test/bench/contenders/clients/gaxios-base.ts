import { Agent } from "node:http";
import type { gaxios } from "google-auth-library";
import type { Setting } from "./client-contender.ts";
import { connections } from "./connections.ts";
import { fetchOf } from "./fetch-base.ts";

/** The options of every gaxios contender. On the network gaxios brings a fetch of its own, over Node's http. */
export function gaxiosOptions(setting: Setting): gaxios.GaxiosOptions {
  if (setting.inProcess) return { fetchImplementation: fetchOf(setting) };
  return { agent: new Agent({ keepAlive: true, maxSockets: connections() }) };
}
