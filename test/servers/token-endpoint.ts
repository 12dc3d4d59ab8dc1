import type { IncomingMessage, ServerResponse } from "node:http";
import { sendAnswer, type Answer } from "./answer.ts";
import { readBody } from "./read-body.ts";
import { TokenEndpointFaults } from "./token-endpoint-faults.ts";
import type { TokenRequest } from "./token-request.ts";

export interface TokenEndpointStats {
  /** Token requests that arrived, whatever became of them, by `grant_type`. */
  tokenRequests: Record<string, number>;
  /** Token requests that the server carried out with success, whether or not the client got to see it. */
  tokensIssued: number;
  /** Those of them that used a refresh token. */
  refreshes: number;
  /** How often a refresh token that was used up reached the server once more. */
  refreshTokenReuses: number;
  /** Logins of which every token is dead: by reuse detection, by revocation or on a test's request. */
  familiesRevoked: number;
}

const longestBody = 1024 * 1024;

/** The part that is the same in every token server: reads a token request, counts it, and lets a fault have its way with it. */
export class TokenEndpoint {
  readonly faults = new TokenEndpointFaults();
  readonly stats: TokenEndpointStats = {
    tokenRequests: {},
    tokensIssued: 0,
    refreshes: 0,
    refreshTokenReuses: 0,
    familiesRevoked: 0,
  };
  /** Every token request since the start or the last reset, in the order of arrival. */
  readonly requests: TokenRequest[] = [];

  async handle(request: IncomingMessage, response: ServerResponse, carryOut: (request: TokenRequest) => Promise<Answer>): Promise<void> {
    const { bytes: body, end } = await readBody(request, longestBody);
    if (end !== "whole") {
      request.socket.destroy();
      return;
    }
    const form = new URLSearchParams(body.toString());
    const grantType = form.get("grant_type") ?? "";
    const arrived: TokenRequest = {
      number: this.requests.length + 1,
      grantType,
      form,
      headers: request.headers,
      body,
      answered: undefined,
    };
    this.requests.push(arrived);
    this.stats.tokenRequests[grantType] = (this.stats.tokenRequests[grantType] ?? 0) + 1;

    const fault = this.faults.take();
    const answer = await fault(arrived, () => this.#count(arrived, carryOut));
    arrived.answered = typeof answer === "string" ? answer : answer.status;
    if (answer === "reset") request.socket.resetAndDestroy();
    else if (answer !== "silence") await sendAnswer(response, answer);
  }

  /** Forgets what was counted and every fault; the tokens stay as they are. */
  reset(): void {
    this.requests.length = 0;
    this.faults.clear();
    Object.assign(this.stats, { tokenRequests: {}, tokensIssued: 0, refreshes: 0, refreshTokenReuses: 0, familiesRevoked: 0 });
  }

  async #count(request: TokenRequest, carryOut: (request: TokenRequest) => Promise<Answer>): Promise<Answer> {
    const answer = await carryOut(request);
    if (answer.status === 200) {
      this.stats.tokensIssued += 1;
      if (request.grantType === "refresh_token") this.stats.refreshes += 1;
    }
    return answer;
  }
}
