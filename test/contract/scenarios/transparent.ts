import { createTokenCache } from "@tokenflight/core";
import { expect } from "vitest";
import type { Send } from "../../clients/client-under-test.ts";
import { startLoopback } from "../../servers/loopback.ts";
import { headerLines } from "./header-lines.ts";
import type { Scenario } from "./scenario.ts";

/** F: an attached client is still that client. */
export const transparent: readonly Scenario[] = [
  {
    id: "F75",
    title: "with a valid token nothing differs on the wire but the Authorization header",
    async run({ connect }) {
      const seen: string[][] = [];
      await using server = await startLoopback(() => async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        seen.push([request.method ?? "", request.url ?? "", Buffer.concat(chunks).toString(), ...headerLines(request.rawHeaders)]);
        response.setHeader("content-type", "application/json").end('{"fine":true}');
      });
      const tokens = createTokenCache({ source: async () => ({ access_token: "static" }) });
      await tokens.get();
      const exercise = async (send: Send): Promise<unknown[]> => [
        await send({ path: "/get?x=1" }),
        await send({ method: "POST", path: "/post", body: "body", headers: { "content-type": "text/plain", "x-custom": "1" } }),
      ];

      const theirs = await exercise(connect(undefined, server.origin));
      const without = seen.splice(0);
      const ours = await exercise(connect(tokens, server.origin));

      expect(ours).toEqual(theirs);
      expect(seen.map((request) => request.filter((line) => line.toLowerCase() !== "authorization: bearer static"))).toEqual(without);
      expect(seen.every((request) => request.some((line) => line.toLowerCase() === "authorization: bearer static"))).toBe(true);
    },
  },
];
