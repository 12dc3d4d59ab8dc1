import { bearer, type BearerOptions } from "@tokenflight/fetch";
import { expect, it } from "vitest";
import { jsonAnswer } from "../servers/answer.ts";
import { startWireSession, usual, type WireSession } from "./wire-session.ts";

const attached = ({ tokens, wire }: WireSession, options: BearerOptions<Response> = {}): typeof fetch =>
  bearer(tokens, { origins: wire.origin, ...options })(globalThis.fetch);

it("refused can read a code in the body of a copy, and the caller still reads it from the response", async () => {
  await using session = await startWireSession();
  session.wire.answer = (request, response) =>
    request.isGood ? usual(request, response) : jsonAnswer(200, { error: { code: 190, message: "The token has expired." } });
  const refused = async (response: Response): Promise<boolean> => {
    const { error } = (await response.clone().json()) as { error?: { code: number } };
    return error?.code === 190;
  };
  await session.revoke();
  const send = attached(session, { refused });

  expect(await (await send(session.wire.origin, { method: "POST", body: "text" })).json()).toMatchObject({ body: "text" });

  expect(session.refreshes()).toBe(1);
  await session.revoke();
  expect(await (await attached(session, { refused, replay: "never" })(session.wire.origin)).json()).toMatchObject({ error: { code: 190 } });
});

it("refused that throws, or rejects, lets the response pass", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const predicates: (() => Promise<boolean>)[] = [
    () => {
      throw new Error("no idea");
    },
    () => Promise.reject(new Error("no idea")),
  ];

  for (const refused of predicates) expect((await attached(session, { refused })(session.wire.origin)).status).toBe(401);

  expect(session.refreshes()).toBe(0);
});

it.each([
  ['Bearer error="insufficient_scope"', 0],
  ['Basic realm="api"', 1],
  ['Basic realm="api", Bearer error="invalid_token"', 1],
  ["", 1],
])("a 401 with the challenge %j: %d refreshes", async (challenge, refreshes) => {
  await using session = await startWireSession();
  session.wire.answer = () => ({ status: 401, headers: challenge === "" ? {} : { "www-authenticate": challenge } });

  expect((await attached(session)(session.wire.origin)).status).toBe(401);

  expect(session.refreshes()).toBe(refreshes);
});
