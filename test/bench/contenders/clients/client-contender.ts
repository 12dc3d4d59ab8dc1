import type { Contender } from "../../measure/sample.ts";
import type { HeldToken } from "../held-token.ts";

/** What a contender is given. */
export interface Setting {
  /** The API, such as "http://127.0.0.1:40123". */
  readonly origin: string;
  /** Gives a new access token for the refresh token, by RFC 6749 section 6. */
  readonly tokenEndpoint: string;
  /** The tokens that the contender starts with. */
  readonly held: HeldToken;
  /** Whether requests are answered in this process, where the client would hand them to the network. */
  readonly inProcess: boolean;
}

/**
 * Sends one GET request, or a POST with this body, and reads its JSON answer. Rejects when that is not 200, as the client does. Peers need not take a body.
 */
export type Send = (path: string, body?: Uint8Array<ArrayBuffer>) => Promise<unknown>;

/** One way to put a token on the requests of one HTTP client, as its users would write it. */
export interface ClientContender extends Contender {
  connect(setting: Setting): Send | Promise<Send>;
}
