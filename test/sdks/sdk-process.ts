/** The libraries and hosts, in a process of their own: what they load reads some packages' sources wrongly under the condition that tests run with. */
import { createTokenCache, memoryStore } from "@tokenflight/core";
import { createMcpLogin } from "@tokenflight/mcp/node";
import { serveCommands } from "../processes/serve-commands.ts";
import { follow } from "../servers/scripted-login.ts";
import type { Host, HostSession, Library } from "./library.ts";
import type { SdkCommands } from "./sdk-commands.ts";

let windows = 0;
const login = createMcpLogin({
  store: memoryStore(),
  client: { name: "a host" },
  async onLogin({ url }) {
    windows += 1;
    const page = new URL(url);
    await (await fetch(await follow(page, page.searchParams.get("redirect_uri") ?? ""))).text();
  },
});
const sessions = new Map<string, HostSession>();

async function outcome(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    const given = await work();
    return given === undefined ? "It gave nothing." : undefined;
  } catch (error) {
    return String(error);
  }
}

serveCommands({
  async callApi(name, origin) {
    const library = (await import(`./libraries/${name}.ts`)) as Library;
    let number = 0;
    const tokens = createTokenCache({ source: async () => ({ access_token: `token-${(number += 1)}`, expires_in: 600 }) });
    return outcome(() => library.call({ origin, tokens }));
  },
  async connect(name, url) {
    const host = (await import(`./hosts/${name}.ts`)) as Host;
    return outcome(async () => sessions.set(name, await host.connect(login.for(url))));
  },
  callTool: (name, times) => outcome(() => Promise.all(Array.from({ length: times }, async () => sessions.get(name)?.call()))),
  windows: () => windows,
  close: async (name) => sessions.get(name)?.close(),
} satisfies SdkCommands);
