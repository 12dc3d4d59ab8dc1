import { expect } from "vitest";
import type { ClientUnderTest, OutgoingBody, Send } from "../../clients/client-under-test.ts";
import { countingTokens, refusing, startRecordingApi, type Arrival } from "./recording-api.ts";
import type { Scenario } from "./scenario.ts";

const orders = ["A", "B", "C"];

/** Three POSTs that are given one headers object, which is changed after each call. What arrived in the end, by the order that it says. */
async function reuseHeaders(send: Send, arrivals: Arrival[]): Promise<string[]> {
  arrivals.length = 0;
  const headers: Record<string, string> = { "content-type": "text/plain" };
  const sent = orders.map((order) => {
    headers["x-order"] = order;
    headers[`x-only-${order.toLowerCase()}`] = "1";
    const response = send({ method: "POST", body: order, headers, asGiven: true });
    delete headers[`x-only-${order.toLowerCase()}`];
    return response;
  });
  headers["x-order"] = "late";
  await Promise.all(sent);
  return arrivals.map(({ headers: seen, body }) => {
    const only = Object.keys(seen).filter((name) => name.startsWith("x-only-"));
    return `${String(seen["x-order"])} ${only.join()} ${body}`;
  });
}

/** Bodies that the caller changes after each call: what makes one, what changes it, and what it is on the wire. */
const changing: readonly (readonly [string, (order: string) => OutgoingBody, (body: OutgoingBody) => void])[] = [
  ["bytes", (order) => Buffer.from(order), (body) => void (body as Buffer).fill("-")],
  ["parameters", (order) => new URLSearchParams({ order }), (body) => (body as URLSearchParams).set("order", "late")],
  [
    "a form",
    (order) => {
      const form = new FormData();
      form.append("order", order);
      return form;
    },
    (body) => (body as FormData).set("order", "late"),
  ],
];

const wireBodies = (arrivals: readonly Arrival[]): string[] =>
  arrivals.map(({ body }) => /order(?:=|"\s+)(\w+)/.exec(body)?.[1] ?? body).toSorted();

/** Those of them that a client takes. */
async function takenBy({ connect }: ClientUnderTest, origin: string): Promise<(typeof changing)[number][]> {
  const send = connect(undefined, origin);
  const taken: (typeof changing)[number][] = [];
  for (const one of changing) {
    const sent = send({ method: "POST", body: one[1]("A"), headers: {}, asGiven: true });
    await sent.then(
      () => taken.push(one),
      () => {},
    );
  }
  expect(taken.map(([name]) => name)).toContain("bytes");
  return taken;
}

/** I, of the field's faults: headers and bodies are what the caller gave, whatever it does with its objects after the call. */
export const asGiven: readonly Scenario[] = [
  {
    id: "I112",
    title:
      "one headers object for three requests, changed after each call: each arrives as it was at its call, also where a token is awaited",
    async run({ connect }) {
      await using api = await startRecordingApi(refusing("1"));
      const each = orders.map((order) => `${order} x-only-${order.toLowerCase()} ${order}`);
      const bare = await reuseHeaders(connect(undefined, api.origin), api.arrivals);
      expect(bare.toSorted()).toEqual(each);

      const tokens = countingTokens();
      const send = connect(tokens, api.origin);
      // No token is there; then each is refused and, where the client can, replayed.
      const twice = await reuseHeaders(send, api.arrivals);
      expect([...new Set(twice)].toSorted()).toEqual(each);
      expect(twice.length === 6 || twice.length === 3).toBe(true);

      const fresh = await reuseHeaders(send, api.arrivals);
      expect(fresh.toSorted()).toEqual(each);
    },
  },
  {
    id: "I112b",
    title: "bytes, parameters and forms that the caller changes after the call arrive as they were at the call, the second time, too",
    async run(client) {
      const { connect } = client;
      await using api = await startRecordingApi(refusing("1"));
      for (const [name, make, change] of await takenBy(client, api.origin)) {
        const send = connect(countingTokens(), api.origin);
        api.arrivals.length = 0;
        const sent = orders.map((order) => {
          const body = make(order);
          const response = send({ method: "POST", body, headers: {}, asGiven: true });
          change(body);
          return response;
        });
        expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200]);
        expect(wireBodies(api.arrivals), name).toEqual(["A", "A", "B", "B", "C", "C"]);
      }
    },
    async otherwise({ connect }) {
      await using api = await startRecordingApi(refusing());
      const send = connect(countingTokens(), api.origin);
      await Promise.all(orders.map((order) => send({ method: "POST", body: Buffer.from(order), headers: {}, asGiven: true })));
      expect(wireBodies(api.arrivals)).toEqual(orders);
    },
  },
  {
    id: "I112c",
    title: "bytes, parameters and forms that the caller changes while their request is on its way are sent again as they were sent first",
    run: (client) => spoilOnItsWay(client, () => ["A", "A"]),
    otherwise: (client) => spoilOnItsWay(client, (status) => (status === 401 ? ["A"] : ["A", "A"])),
  },
];

/** Posts a body of each kind, which is changed as soon as it has arrived, and then refused. */
async function spoilOnItsWay(client: ClientUnderTest, expected: (status: number) => string[]): Promise<void> {
  let change = (): void => {};
  await using api = await startRecordingApi((arrival, response) => {
    change();
    refusing("1")(arrival, response);
  });
  for (const [name, make, spoil] of await takenBy(client, api.origin)) {
    const tokens = countingTokens();
    await tokens.get();
    api.arrivals.length = 0;
    const body = make("A");
    change = () => spoil(body);

    const { status } = await client.connect(tokens, api.origin)({ method: "POST", body, headers: {}, asGiven: true });

    expect(wireBodies(api.arrivals), name).toEqual(expected(status));
  }
}
