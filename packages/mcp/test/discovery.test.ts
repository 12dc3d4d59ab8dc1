import { expect, it } from "vitest";
import { Discovery, type FoundServer } from "../src/discovery/discovery.ts";

/** As in workerd, where what a request has begun may end with it, without a word. */
class DroppedDiscovery extends Discovery {
  begun = 0;

  override find(): Promise<FoundServer> {
    this.begun += 1;
    return new Promise(() => {});
  }
}

it("whoever waits for what another request has begun, and what never ends, is told so in time, and the next one begins anew", async () => {
  const discovery = new DroppedDiscovery(new URL("https://mcp.example.com/mcp?key=secret"), undefined);
  const asking = { fetch, timeout: 10, signal: undefined };
  for (const begun of [1, 2]) {
    const waiting = [discovery.known(asking), discovery.known(asking)];
    for (const one of await Promise.allSettled(waiting))
      expect(one).toMatchObject({
        reason: { code: "ERR_TOKEN_REQUEST_NOT_SENT", message: expect.not.stringContaining("secret") as string },
      });
    expect(discovery.begun).toBe(begun);
  }
});
