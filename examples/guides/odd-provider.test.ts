import { beforeEach, expect, it } from "vitest";
import { jsonAnswer, sendAnswer, type Answer } from "../../test/servers/answer.ts";
import { startLoopback } from "../../test/servers/loopback.ts";
import { readBody } from "../../test/servers/read-body.ts";
import { startResourceApi } from "../../test/servers/resource-api.ts";
import { startGuide } from "../../test/setup/guide-program.ts";
import { temporaryFolder } from "../../test/stores/temporary-folder.ts";

let sent: { contentType: string | undefined; fields: Record<string, unknown> }[];
/** What the next request gets, in place of tokens. */
let odd: Answer | undefined;
let current: number;
let env: Record<string, string>;

beforeEach(async () => {
  sent = [];
  odd = undefined;
  current = 0;
  const answerTo = (refreshToken: unknown): Answer => {
    if (odd !== undefined) return odd;
    if (refreshToken !== `refresh-${current}`) return jsonAnswer(200, { status: 293, error: "Session not known" });
    current += 1;
    const tokens = { token: `access-${current}`, token_type: "user", refresh_token: `refresh-${current}` };
    return jsonAnswer(200, { status: 0, result: { tokens } });
  };
  const provider = await startLoopback(() => async (request, response) => {
    const fields = JSON.parse((await readBody(request, 10_000)).bytes.toString()) as Record<string, unknown>;
    sent.push({ contentType: request.headers["content-type"], fields });
    await sendAnswer(response, answerTo(fields["refresh_token"]));
  });
  const api = await startResourceApi({ isActive: (token) => token === `access-${current}` });
  const folder = temporaryFolder();
  const client = { CLIENT_ID: "app", CLIENT_SECRET: "s-e_c.r~e+t" };
  const TOKENS = folder.file("tokens.db");
  env = { ...client, TOKEN_ENDPOINT: `${provider.origin}/oauth`, API_ORIGIN: api.origin, REFRESH_TOKEN: "refresh-0", TOKENS };
  return async () => {
    await api.close();
    await provider.close();
    folder[Symbol.dispose]();
  };
});

const run = (): Promise<string> => startGuide("odd-provider", env).printed;

it("a provider that speaks JSON, with an envelope, another name and another type, is asked once, and its token kept", async () => {
  expect(await run()).toBe("The API answered 200.\n");
  const fields = { grant_type: "refresh_token", refresh_token: "refresh-0", client_id: "app", client_secret: "s-e_c.r~e+t" };
  expect(sent).toEqual([{ contentType: "application/json", fields: { ...fields, action: "requesttoken" } }]);
  expect(await run()).toBe("The API answered 200.\n");
  expect(sent).toHaveLength(1);
}, 40_000);

it("its words for a session that is over end it, and a server error does not", async () => {
  odd = jsonAnswer(500, { status: 500, error: "Session not known" });
  expect(await run()).toMatch(/^ERR_TOKEN_REQUEST_UNKNOWN: /);
  odd = undefined;
  env["REFRESH_TOKEN"] = "refresh-of-last-year";
  env["TOKENS"] += ".another";
  expect(await run()).toMatch(/^ERR_LOGIN_REQUIRED: /);
  expect(await run()).toMatch(/^ERR_LOGIN_REQUIRED: /);
  expect(sent.filter(({ fields }) => fields["refresh_token"] === "refresh-of-last-year")).toHaveLength(1);
}, 40_000);
