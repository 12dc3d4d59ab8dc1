import { InvalidOptionError, kindOf, randomId, readOptions, requireOneOf, requireText, requireWebCrypto } from "@tokenflight/core";
import type { ClientAuth } from "../client-parts.ts";
import { ownField } from "../own-fields.ts";
import { readSigningKey, type SigningAlgorithm, type SigningKey } from "./signing-key.ts";

/** The options of `privateKeyJwt`. */
export interface PrivateKeyJwtOptions {
  /** The private key: a CryptoKey that may sign, or a JWK (RFC 7517). */
  key: SigningKey;
  /** `kid`: which of the client's registered keys this is. Default: the JWK's `kid`; left out when there is none. */
  keyId?: string | undefined;
  /** The algorithm of the signature, such as "ES256". Required unless the key is a JWK with an `alg`. Default: that `alg`. */
  alg?: SigningAlgorithm | undefined;
  /**
   * What the assertion names as its `aud` (RFC 7523 section 3). Default "issuer", because an assertion for an issuer cannot be made to
   * serve at another server's token endpoint. A client that knows only a token endpoint names that one in either case.
   */
  audience?: "issuer" | "token-endpoint" | undefined;
}

/** Seconds for which an assertion is valid. It is sent at once; the rest is for clocks that differ. */
const lifetime = 300;

/**
 * `private_key_jwt`: an assertion signed with the client's private key (RFC 7523 section 2.2). Every attempt has an assertion of its own, with a new `jti`,
 * because a server may accept each one only once.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`); a key that cannot be imported makes the token request fail before anything is sent, with an
 * InvalidOptionError as the cause.
 * @example
 * ```ts
 * createOAuthClient({ issuer, clientId: "my-service", clientAuth: privateKeyJwt({ key: JSON.parse(process.env.PRIVATE_JWK ?? "") }) });
 * ```
 */
export function privateKeyJwt(options: PrivateKeyJwtOptions): ClientAuth {
  const read = readOptions<PrivateKeyJwtOptions>("privateKeyJwt", options, ["key", "keyId", "alg", "audience"]);
  requireWebCrypto("privateKeyJwt");
  const { key, audience = "issuer" } = read;
  const { keyId = ownField(key, "kid") as string | undefined, alg = ownField(key, "alg") as SigningAlgorithm | undefined } = read;
  if (keyId !== undefined) requireText("privateKeyJwt.keyId", keyId);
  requireOneOf("privateKeyJwt.audience", audience, ["issuer", "token-endpoint"]);
  if (alg === undefined) throw new InvalidOptionError("privateKeyJwt.alg", 'an algorithm such as "ES256"', kindOf(alg));
  const load = readSigningKey("privateKeyJwt", key, alg);

  return async function privateKeyJwtAuth(server, client, body, headers) {
    // It is loaded late: other clients do not need it.
    const { modifyAssertion, PrivateKeyJwt } = await import("oauth4webapi");
    const loaded = (await load()) as CryptoKey;
    // With a `kid` of its own in any case: one that is not there would be looked for in its prototype.
    const sign = PrivateKeyJwt({ key: loaded, kid: keyId } as { key: CryptoKey; kid: string }, {
      [modifyAssertion](header: Record<string, unknown>, payload: Record<string, unknown>) {
        // oauth4webapi calls Ed25519 by its newer name (RFC 9864), which many servers do not know yet.
        header["alg"] = alg;
        payload["aud"] = audience === "issuer" ? server.issuer : (server.token_endpoint ?? server.issuer);
        payload["jti"] = randomId();
        payload["exp"] = Number(payload["iat"]) + lifetime;
        // A server whose clock is behind would refuse what is not valid yet.
        delete payload["nbf"];
      },
    });
    await sign(server, client, body, headers);
  };
}
