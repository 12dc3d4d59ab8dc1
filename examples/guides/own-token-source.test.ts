import { beforeEach, expect, it } from "vitest";
import { sendAnswer, jsonAnswer, type Answer } from "../../test/servers/answer.ts";
import { startLoopback } from "../../test/servers/loopback.ts";
import { readBody } from "../../test/servers/read-body.ts";
import { startResourceApi } from "../../test/servers/resource-api.ts";
import { startGuide } from "../../test/setup/guide-program.ts";
import { temporaryFolder } from "../../test/stores/temporary-folder.ts";

/** What came to the session server, and its answers to those that come next. */
let asked: string[];
let odd: Answer[];
let ticket: string;
let good: string;
let env: Record<string, string>;
let another: (name: string) => string;

beforeEach(async () => {
  asked = [];
  odd = [];
  ticket = "ticket-0";
  good = "";
  let given = 0;
  const answerTo = (url: string | undefined, sent: string): Answer => {
    asked.push(`${url} ${sent}`);
    const next = odd.shift();
    if (next !== undefined) return next;
    if (sent !== ticket) return jsonAnswer(403, { message: "This session is over." });
    if (url === "/end") {
      ticket = good = "";
      return jsonAnswer(200, {});
    }
    given += 1;
    [ticket, good] = [`ticket-${given}`, `token-${given}`];
    return jsonAnswer(200, { token: good, next: ticket, validUntil: new Date(Date.now() + 600_000).toISOString() });
  };
  const sessions = await startLoopback(() => async (request, response) => {
    const { ticket } = JSON.parse((await readBody(request, 1000)).bytes.toString()) as { ticket: string };
    await sendAnswer(response, answerTo(request.url, ticket));
  });
  const api = await startResourceApi({ isActive: (token) => token === good });
  const folder = temporaryFolder();
  another = (name) => folder.file(name);
  env = { SESSIONS: sessions.origin, API_ORIGIN: api.origin, TICKET: ticket, TOKENS: folder.file("tokens.db") };
  return async () => {
    await api.close();
    await sessions.close();
    folder[Symbol.dispose]();
  };
});

const run = (...given: string[]): Promise<string> => startGuide("own-token-source", env, { given }).printed;
const answered = "The API answered 200.\n";

it("two programs at once swap one ticket, the next finds the token, a refusal renews it, and a logout ends the session", async () => {
  const both = await Promise.all([run(), run()]);
  expect(both.toSorted()).toEqual(["Renewing: missing, blocking.\n" + answered, answered].toSorted());
  expect(asked).toEqual(["/renew ticket-0"]);
  expect(await run()).toBe(answered);

  good = "";
  expect(await run()).toBe("Renewing: refused, blocking.\n" + answered);
  expect(asked).toEqual(["/renew ticket-0", "/renew ticket-1"]);

  expect(await run("logout")).toBe("Logged out.\n");
  expect(asked.at(-1)).toBe("/end ticket-2");
  expect(await run()).toBe("Renewing: missing, blocking.\nLog in again: Nobody has logged in.\n");
}, 40_000);

it("a session that is over is asked for once", async () => {
  ticket = "of another login";
  expect(await run()).toBe("Renewing: missing, blocking.\nLog in again: The session is over.\n");
  expect(await run()).toBe("Log in again: The session is over: a login is required.\n");
  expect(asked).toEqual(["/renew ticket-0"]);
}, 40_000);

it("a server that wants a pause is asked again after it", async () => {
  odd.push({ status: 429, headers: { "retry-after": "1" } });
  const before = performance.now();
  expect(await run()).toBe("Renewing: missing, blocking.\nRenewing: missing, blocking.\n" + answered);
  expect(performance.now() - before).toBeGreaterThan(1000);
  expect(asked).toEqual(["/renew ticket-0", "/renew ticket-0"]);
}, 40_000);

it("a refusal that is no end of the session is an error, and the session goes on", async () => {
  odd.push({ status: 400 });
  await expect(run()).rejects.toThrow("The session server answered 400.");
  env["TOKENS"] = another("another.db");
  expect(await run()).toContain(answered);
}, 40_000);
