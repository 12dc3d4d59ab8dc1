import { generateKeyPairSync, randomUUID, sign, type JsonWebKey, type KeyObject } from "node:crypto";

/** Signs id tokens with ES256 and a key of its own. */
export class IdTokenIssuer {
  readonly issuer: string;
  /** The public keys, for whoever checks a signature. */
  readonly jwks: { readonly keys: readonly JsonWebKey[] };
  readonly #key: KeyObject;
  readonly #keyId = randomUUID();

  constructor(issuer: string) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.issuer = issuer;
    this.#key = privateKey;
    this.jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: this.#keyId, alg: "ES256", use: "sig" }] };
  }

  issue(claims: {
    readonly subject: string;
    readonly audience: string;
    readonly nonce: string | undefined;
    readonly lifetime: number;
    /** Seconds by which the issuer's clock is ahead of this machine's; the token is not to be used before it was issued then. Default: they agree. */
    readonly ahead?: number;
    /** Claims that are other ones; undefined leaves one out. */
    readonly others?: Readonly<Record<string, unknown>>;
  }): string {
    const now = Math.floor(Date.now() / 1000) + (claims.ahead ?? 0);
    const { subject: sub, audience: aud, nonce, lifetime } = claims;
    // JSON leaves out a nonce that is undefined.
    const nbf = claims.ahead === undefined ? undefined : now;
    const payload = { iss: this.issuer, sub, aud, iat: now, nbf, exp: now + lifetime, nonce, ...claims.others };
    const signed = `${encode({ alg: "ES256", typ: "JWT", kid: this.#keyId })}.${encode(payload)}`;
    // RFC 7518 section 3.4: the two numbers side by side, not the DER form that OpenSSL gives.
    const signature = sign("sha256", Buffer.from(signed), { key: this.#key, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
