import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { expect, it } from "vitest";
import { startAuthorizationServer } from "../../test/servers/authorization-server.ts";
import { jsonAnswer } from "../../test/servers/answer.ts";
import { startResourceApi } from "../../test/servers/resource-api.ts";
import { beforeUse } from "../../test/servers/token-endpoint-faults.ts";
import { startGuide } from "../../test/setup/guide-program.ts";

it("counts and tells what happens, and shows no secret", async () => {
  await using server = await startAuthorizationServer({ accessTokenLifetime: 600 });
  await using api = await startResourceApi({ isActive: (token) => server.isActive(token) });
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({ issuer: server.issuer, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const { refreshToken = "" } = await client.exchangeCode(await server.login({ scope: "openid offline_access" }));

  const env = { ISSUER: server.issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, API_ORIGIN: api.origin };
  const program = startGuide("observability", { ...env, REFRESH_TOKEN: refreshToken });
  const port = (await program.line("Listening")).split(" ").at(-1);
  const ask = async (path = "/"): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const metrics = async (): Promise<string[]> => (await ask("/metrics")).split("\n").filter((line) => !line.startsWith("#"));
  const count = (type: string, reason = "", code = ""): string =>
    `tokenflight_events_total{type="${type}",reason="${reason}",code="${code}"}`;
  const sentToken = (): string => api.requests.at(-1)?.authorization?.replace("Bearer ", "") ?? "";

  expect(await metrics()).toContain("tokenflight_logged_in 1");
  expect(await ask()).toBe("The API answered 200.\n");
  const first = sentToken();
  expect(await metrics()).toEqual(
    expect.arrayContaining([
      `${count("token-obtained", "missing")} 1`,
      "tokenflight_token_request_seconds_count 1",
      expect.stringMatching(/^tokenflight_token_expires_timestamp_seconds \d{10}/),
    ]),
  );

  api.refuseToken(first);
  expect(await ask()).toBe("The API answered 200.\n");
  const second = sentToken();
  server.faults.next(beforeUse(jsonAnswer(401, { error: "invalid_client" })));
  api.refuseToken(second);
  expect(await ask()).toBe("The API answered 401.\n");
  expect(await metrics()).toEqual(
    expect.arrayContaining([
      `${count("token-refused")} 2`,
      `${count("request-replayed")} 1`,
      `${count("refresh-failed", "refused", "ERR_TOKEN_REQUEST_REFUSED")} 1`,
      "tokenflight_logged_in 1",
    ]),
  );
  await program.line("tokenflight request-replayed");

  const logins = startGuide("observability", { ...env, REFRESH_TOKEN: "used-up" });
  const other = (await logins.line("Listening")).split(" ").at(-1);
  const failed = await fetch(`http://127.0.0.1:${other}/`);
  expect([failed.status, await failed.text()]).toEqual([502, expect.stringContaining("LoginRequiredError")]);
  const after = await (await fetch(`http://127.0.0.1:${other}/metrics`)).text();
  expect(after).toContain(`${count("login-required", "", "ERR_LOGIN_REQUIRED")} 1`);
  expect(after).toContain("tokenflight_logged_in 0");

  const shown = program.output() + logins.output() + (await ask("/metrics")) + after;
  for (const secret of [clientSecret, refreshToken, first, second, "used-up"]) expect(shown).not.toContain(secret);
}, 40_000);
