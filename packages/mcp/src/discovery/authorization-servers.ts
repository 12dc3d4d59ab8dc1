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
    this.#known.set(nameOf({ issuer: metadata.issuer, at }), Promise.resolve(metadata));
  }

  /** It may have moved its endpoints: who needs it next asks again. */
  forget(binding: Binding): void {
    this.#known.delete(nameOf(binding));
  }

  /**
   * The authorization server of tokens. Rejects with LoginRequiredError when another one is there now, and with TokenRequestError, "not-sent", when it cannot be
   * asked or says what cannot be used.
   */
  async of({ issuer, at }: Binding, asking: Asking): Promise<AuthorizationServer> {
    const name = nameOf({ issuer, at });
    const known = this.#known.get(name);
    const finding = known ?? findAuthorizationServer({ at: at ?? issuer, isNamed: at === undefined }, forAll(asking));
    this.#known.set(name, finding);
    try {
      const metadata = await waitFor(finding, asking.signal);
      if (metadata.issuer === issuer) return metadata;
    } catch (cause) {
      if (this.#known.get(name) === finding) this.#known.delete(name);
      if (cause instanceof TokenRequestError && cause.outcome !== "unknown") throw cause;
      const message = `The authorization server ${issuer} cannot be asked for a token; the error is the cause.`;
      // What it says of itself will not be other the next moment.
      throw new TokenRequestError(cause instanceof McpServerError ? "refused" : "not-sent", message, { cause });
    }
    this.#known.delete(name);
    throw new LoginRequiredError(`A login is required: the tokens are from ${issuer}, and its metadata is another issuer's now.`);
  }
}

/** What an issuer says of itself, and what stands at an address that nobody has named, may be two things at one address. */
function nameOf({ issuer, at }: Pick<Binding, "issuer" | "at">): string {
  return at === undefined ? issuer : `at ${at}`;
}
