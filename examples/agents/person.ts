import { setTimeout as sleep } from "node:timers/promises";
import { follow } from "../../test/servers/scripted-login.ts";

/** Milliseconds that the user needs at a login page. */
const thinking = 1000;

/** The user at a browser: thinks, agrees, and is sent back. Gives the address that the browser ends on. */
export async function agree(page: string | URL): Promise<URL> {
  await sleep(thinking);
  const url = new URL(page);
  return follow(url, url.searchParams.get("redirect_uri") ?? "");
}
