import { inspect } from "node:util";
import { expect, it } from "vitest";
import { readTokenResponse } from "@tokenflight/core";

const secrets = { access_token: "canary-access", refresh_token: "canary-refresh", id_token: "canary-id", sid: "canary-sid" };

it("shows no secret to whatever logs, serialises or clones it", () => {
  const tokens = readTokenResponse({ ...secrets, expires_in: 60, scope: "read" }, 0);
  const shown = [
    inspect(tokens, { depth: Infinity, showHidden: true, getters: true }),
    inspect({ tokens }, { showProxy: true }),
    JSON.stringify({ tokens }),
    String(tokens),
    JSON.stringify(structuredClone(tokens)),
    Object.entries(tokens).join(),
  ].join("\n");
  expect(shown).not.toContain("canary");
  expect(shown).toContain(tokens.fingerprint);
});
