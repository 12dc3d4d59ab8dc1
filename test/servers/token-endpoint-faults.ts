import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "./answer.ts";
import type { NoAnswer, TokenRequest } from "./token-request.ts";

/**
 * One way for a token request to go. `carryOut` lets the server do its work, which uses up a code or a refresh token, and gives the
 * answer that it would send; what the fault resolves to is sent instead.
 */
export type TokenFault = (request: TokenRequest, carryOut: () => Promise<Answer>) => Promise<Answer | NoAnswer>;

/** The request never reaches the server's work: nothing is used up. */
export function beforeUse(answer: Answer | NoAnswer): TokenFault {
  return async () => answer;
}

/** The server does its work, so that a refresh token is used up, but the client does not get the tokens. */
export function afterUse(answer: Answer | NoAnswer): TokenFault {
  return async (_request, carryOut) => {
    await carryOut();
    return answer;
  };
}

/** The server begins its work only after a wait, in milliseconds or for a promise. */
export function lateUse(wait: number | Promise<unknown>): TokenFault {
  return async (_request, carryOut) => {
    await waiting(wait);
    return carryOut();
  };
}

/** The server does its work at once, and its answer stays until it is let go. */
export function heldAnswer(): { fault: TokenFault; arrived: Promise<void>; leave: () => void } {
  const [arrival, departure] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const fault: TokenFault = async (_request, carryOut) => {
    const answer = await carryOut();
    arrival.resolve();
    await departure.promise;
    return answer;
  };
  return { fault, arrived: arrival.promise, leave: departure.resolve };
}

/** The server does its work at once, and its answer comes after a wait, in milliseconds or for a promise. */
export function lateAnswer(wait: number | Promise<unknown>): TokenFault {
  return async (_request, carryOut) => {
    const answer = await carryOut();
    await waiting(wait);
    return answer;
  };
}

/** Which way each token request goes: the faults that stand in line, one request each, then the standing one, if any. */
export class TokenEndpointFaults {
  readonly #line: TokenFault[] = [];
  #standing: TokenFault | undefined;

  /** The next `times` token requests that no earlier fault is meant for go this way. */
  next(fault: TokenFault, times = 1): void {
    for (let count = 0; count < times; count += 1) this.#line.push(fault);
  }

  /** All token requests that stand in no line go this way. */
  always(fault: TokenFault): void {
    this.#standing = fault;
  }

  clear(): void {
    this.#line.length = 0;
    this.#standing = undefined;
  }

  /** Takes the fault of the request that has just arrived. Without one the server just does its work. */
  take(): TokenFault {
    return this.#line.shift() ?? this.#standing ?? ((_request, carryOut) => carryOut());
  }
}

function waiting(wait: number | Promise<unknown>): Promise<unknown> {
  // Not a reason to keep a process alive: a server that was closed has nothing left to say.
  return typeof wait === "number" ? sleep(wait, undefined, { ref: false }) : wait;
}
