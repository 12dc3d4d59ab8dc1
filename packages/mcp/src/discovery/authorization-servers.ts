import { LoginRequiredError, TokenRequestError, waitFor } from "@tokenflight/core";
import type { AuthorizationServer } from "@tokenflight/oauth";
import type { Binding } from "../binding.ts";
import { McpServerError } from "../errors.ts";
import { findAuthorizationServer } from "./authorization-server.ts";
import type { FoundServer } from "./discovery.ts";
import { forAll, type Asking } from "./resource-metadata.ts";

/** The authorization servers that this process has asked what they are: a refresh does not ask again, unless the one before has led nowhere. */
export class AuthorizationServers {
  readonly #known = new Map<string, Promise<AuthorizationServer>>();

  /** A login has just asked. */
  learn({ metadata, at }: FoundServer): void {
    this.#known.set(at ?? metadata.issuer, Promise.resolve(metadata));
  }

  /** It may have moved its endpoints: who needs it next asks again. */
  forget({ issuer, at }: Binding): void {
    this.#known.delete(at ?? issuer);
  }

  /**
   * The authorization server of tokens. Rejects with LoginRequiredError when another one is there now, and with TokenRequestError, "not-sent", when it cannot be
   * asked or says what cannot be used.
   */
  async of({ issuer, at }: Binding, asking: Asking): Promise<AuthorizationServer> {
    const address = at ?? issuer;
    const known = this.#known.get(address);
    const finding = known ?? findAuthorizationServer({ at: address, isNamed: at === undefined }, forAll(asking));
    this.#known.set(address, finding);
    try {
      const metadata = await waitFor(finding, asking.signal);
      if (metadata.issuer === issuer) return metadata;
    } catch (cause) {
      if (this.#known.get(address) === finding) this.#known.delete(address);
      if (cause instanceof TokenRequestError && cause.outcome !== "unknown") throw cause;
      const message = `The authorization server ${issuer} cannot be asked for a token; the error is the cause.`;
      // What it says of itself will not be other the next moment.
      throw new TokenRequestError(cause instanceof McpServerError ? "refused" : "not-sent", message, { cause });
    }
    this.#known.delete(address);
    throw new LoginRequiredError(`A login is required: the tokens are from ${issuer}, and its metadata is another issuer's now.`);
  }
}
