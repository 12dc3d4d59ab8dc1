import { jsonAnswer, type Answer } from "../servers/answer.ts";
import { afterUse, beforeUse, lateAnswer, type TokenFault } from "../servers/token-endpoint-faults.ts";

/** One way for a token endpoint to go wrong, once, and what has to come of it for all processes together. */
export interface TokenEndpointRow {
  readonly fault: string;
  readonly expected: string;
  readonly inject: TokenFault;
  /** Token requests of all processes, the faulty one included. */
  readonly requests: number;
  readonly provider: "strict" | "with a grace time";
  /** Whether the session is over. */
  readonly lost: boolean;
}

const broken = jsonAnswer(500, { error: "server_error" });
const busy = jsonAnswer(503, { error: "temporarily_unavailable" });

/** The connection ends in the middle of the body. */
const truncated: Answer = {
  status: 200,
  headers: { "content-type": "application/json" },
  body: {
    async *[Symbol.asyncIterator]() {
      yield '{"access_token":"abc","refresh_';
      throw new Error("The connection is cut here.");
    },
  },
};

const recovered = "one process asks once more, and all of them get its token";
const over = "the refresh token is sent once more, by one process, then LoginRequiredError in all of them";

export const tokenEndpointRows: readonly TokenEndpointRow[] = [
  {
    fault: "503 before the refresh token was used",
    inject: beforeUse(busy),
    provider: "strict",
    lost: false,
    requests: 2,
    expected: recovered,
  },
  {
    fault: "500 before the refresh token was used",
    inject: beforeUse(broken),
    provider: "strict",
    lost: false,
    requests: 2,
    expected: recovered,
  },
  {
    fault: "reset before the refresh token was used",
    inject: beforeUse("reset"),
    provider: "strict",
    lost: false,
    requests: 2,
    expected: recovered,
  },
  ...(
    [
      ["500", broken],
      ["reset", "reset"],
      ["answer cut off", truncated],
    ] as const
  ).flatMap(([name, answer]): TokenEndpointRow[] => [
    {
      fault: `${name} after the refresh token was used up (provider with a grace time)`,
      inject: afterUse(answer),
      provider: "with a grace time",
      lost: false,
      requests: 2,
      expected: recovered,
    },
    {
      fault: `${name} after the refresh token was used up (provider strict)`,
      inject: afterUse(answer),
      provider: "strict",
      lost: true,
      requests: 2,
      expected: over,
    },
  ]),
  {
    fault: "answer that takes a second",
    inject: lateAnswer(1000),
    provider: "strict",
    lost: false,
    requests: 1,
    expected: "the others wait for the one request",
  },
];
