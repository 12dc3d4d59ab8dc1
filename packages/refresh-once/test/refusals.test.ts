import { describe, expect, it } from "vitest";
import { endpoint, refreshWith, setUp, type Fetch } from "./set-up.ts";

type Fields = Readonly<Record<string, string>>;
const refused = (error: string, status = 400): Response => Response.json({ error }, { status });

async function ask(send: Fetch, fields: Fields = {}, init: RequestInit = {}): Promise<string> {
  const response = await send(endpoint, refreshWith("r", fields, init));
  const { access_token, error } = (await response.json()) as { access_token?: string; error?: string };
  return access_token ?? (error as string);
}

/** A refusal of the first caller while others wait, in its process and in another one: what each gets. */
async function whileAllWait(answer: Response, asked: readonly (readonly [fields: Fields, init?: RequestInit])[], isOneProcess: boolean) {
  const { server, process, waiting, joined } = setUp();
  const isThere = Promise.withResolvers<void>();
  server.next.push(async () => {
    await isThere.promise;
    return answer;
  });
  const [one, other] = [process(), process()];
  const [[fields, init] = [{}], ...others] = asked;
  const first = ask(one, fields, init);
  while (server.sent.length === 0) await new Promise(setImmediate);
  const rest = others.map((given) => ask(isOneProcess ? one : other, ...given));
  await Promise.all([joined(asked.length), waiting(isOneProcess ? 0 : 1)]);
  isThere.resolve();
  return { answers: await Promise.all([first, ...rest]), sent: server.sent, hasEnded: server.hasEnded };
}

/** Words about one question, and who asks what. */
const questions: Record<string, readonly [error: string, refused: Fields, another: Fields]> = {
  "a scope that the grant has not": ["invalid_grant", { scope: "admin" }, { scope: "read" }],
  "a scope that the grant has not, and none": ["invalid_grant", { scope: "admin" }, {}],
  "a resource that the grant has not": ["invalid_grant", { resource: "https://a.example" }, { resource: "https://b.example" }],
  "an audience that the grant has not": ["invalid_grant", { audience: "a" }, { audience: "b" }],
  "a scope by its own name": ["invalid_scope", { scope: "admin" }, { scope: "read" }],
  "a resource by its own name (RFC 8707)": ["invalid_target", { resource: "https://a.example" }, {}],
};

describe.each(Object.entries(questions))("a refusal of %s", (_, [error, wrong, right]) => {
  it.each([true, false])("is told to nobody who asks for something else and waits (one process: %s)", async (isOneProcess) => {
    const found = await whileAllWait(refused(error), [[wrong], [right], [right]], isOneProcess);
    expect(found).toEqual({ answers: [error, "access-1", "access-1"], sent: ["r", "r"], hasEnded: false });
  });

  it("nor to whoever comes later", async () => {
    const { server, process } = setUp();
    server.next.push(() => refused(error));
    const send = process();
    expect(await ask(send, wrong)).toBe(error);
    expect(await ask(send, right)).toBe("access-1");
    expect(await ask(process(), right)).toBe("access-1");
  });
});

describe("invalid_grant", () => {
  it("is remembered for ten seconds by whoever asks the same, in whichever process", async () => {
    const { server, process, pass } = setUp();
    server.next.push(() => refused("invalid_grant"));
    expect(await ask(process(), { scope: "admin" })).toBe("invalid_grant");
    pass(9000);
    expect(await ask(process(), { scope: "admin" })).toBe("invalid_grant");
    expect(server.sent).toEqual(["r"]);
    pass(1100);
    expect(await ask(process(), { scope: "admin" })).toBe("access-1");
  });

  it("to a refresh that asks for nothing is told to all: the refresh token is dead", async () => {
    const { server, process } = setUp();
    server.next.push(() => refused("invalid_grant"));
    const send = process();
    expect(await ask(send)).toBe("invalid_grant");
    for (const other of [send, process()]) expect(await ask(other, { scope: "read" })).toBe("invalid_grant");
    expect(server.sent).toEqual(["r"]);
  });

  it.each([true, false])("to a refresh that asks for nothing is told to all who wait (one process: %s)", async (isOneProcess) => {
    const { answers, sent } = await whileAllWait(refused("invalid_grant"), [[{}], [{ scope: "read" }], [{ resource: "a" }]], isOneProcess);
    expect([answers, sent]).toEqual([["invalid_grant", "invalid_grant", "invalid_grant"], ["r"]]);
  });

  it("to each question ends with the token server's last word, and nobody asks for ever", async () => {
    const { server, process } = setUp();
    server.hasEnded = true;
    const sends = [process(), process(), process()];
    const asked = sends.flatMap((send) => ["a", "b", "c"].map((scope) => ask(send, { scope })));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["invalid_grant"]));
    expect(server.sent.length).toBeGreaterThanOrEqual(3);
    expect(server.sent.length).toBeLessThanOrEqual(9);
  });
});

it.each([500, 503])("a %i is no word about a question: nobody sends the refresh token at once", async (status) => {
  const { server, process } = setUp();
  server.next.push(() => refused("server_error", status));
  await ask(process(), { scope: "a" });
  expect(await ask(process(), { scope: "b" })).toBe("server_error");
  expect(server.sent).toEqual(["r"]);
});

const basic = (secret: string): RequestInit => ({ headers: { authorization: `Basic ${btoa(`me:${secret}`)}` } });

/** Words about the client, its credentials when it was refused, and others of the same client. */
const clients: Record<
  string,
  readonly [answer: () => Response, refused: readonly [Fields, RequestInit?], another: readonly [Fields, RequestInit?]]
> = {
  "another secret": [() => refused("invalid_client", 401), [{ client_secret: "old" }], [{ client_secret: "new" }]],
  "another secret, as a 400": [() => refused("invalid_client"), [{ client_secret: "old" }], [{ client_secret: "new" }]],
  "another password": [() => refused("invalid_client", 401), [{}, basic("old")], [{}, basic("new")]],
  "another assertion": [() => refused("unauthorized_client"), [{ client_assertion: "a" }], [{ client_assertion: "b" }]],
  "another proof": [() => refused("invalid_dpop_proof"), [{}, { headers: { dpop: "a" } }], [{}, { headers: { DPoP: "b" } }]],
  "a secret, where there was none": [() => new Response("{}", { status: 401 }), [{}], [{ client_secret: "new" }]],
};

describe.each(Object.entries(clients))("a refusal of the client, and a caller with %s", (_, [answer, wrong, right]) => {
  it.each([true, false])("who waits is asked itself (one process: %s)", async (isOneProcess) => {
    const { answers, sent, hasEnded } = await whileAllWait(answer(), [wrong, right, right], isOneProcess);
    expect([answers.slice(1), sent, hasEnded]).toEqual([["access-1", "access-1"], ["r", "r"], false]);
  });
});

it("a refusal of the client is told to those in the process who came with the same credentials", async () => {
  const secret = { client_secret: "old" };
  const found = await whileAllWait(refused("invalid_client", 401), [[secret], [secret], [secret]], true);
  expect(found).toMatchObject({ answers: ["invalid_client", "invalid_client", "invalid_client"], sent: ["r"] });
});

it("many with wrong credentials do not keep the one with the right ones from its tokens", async () => {
  const { server, process } = setUp();
  const [one, other] = [process(), process()];
  server.next.push(...Array.from({ length: 12 }, () => (): Response => refused("invalid_client", 401)));
  // The server gives tokens to the good one only.
  const shift = server.next.shift.bind(server.next);
  server.next.shift = () => (server.seen.at(-1)?.body.includes("good") === true ? undefined : shift());
  const wrong = Array.from({ length: 6 }, (_, index) => ask(index % 2 === 0 ? one : other, { client_secret: `bad-${index}` }));
  const right = ask(one, { client_secret: "good" });
  expect(await right).toBe("access-1");
  for (const answer of await Promise.all(wrong)) expect(["access-1", "invalid_client"]).toContain(answer);
  expect(server.hasEnded).toBe(false);
});
