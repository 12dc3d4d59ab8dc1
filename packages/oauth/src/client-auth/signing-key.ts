import { InvalidOptionError, kindOf, requireOneOf, type WebCryptoKey } from "@tokenflight/core";
import { ownFields } from "../own-fields.ts";

/** How an assertion is signed: the `alg` of RFC 7518 section 3.1 and RFC 8037. "EdDSA" is Ed25519. */
export type SigningAlgorithm = "ES256" | "ES384" | "ES512" | "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "EdDSA";

/**
 * A private key: PKCS#8 as PEM (`-----BEGIN PRIVATE KEY-----`) or as the Base64 of its DER form without armour, a JWK, or a CryptoKey
 * that may sign.
 */
export type SigningKey = string | PrivateJwk | WebCryptoKey;

/** A private JSON Web Key (RFC 7517), as another library's type may describe it. What else it says of its use does not matter. */
export interface PrivateJwk {
  readonly kty?: string | undefined;
  readonly crv?: string | undefined;
  readonly d?: string | undefined;
  readonly n?: string | undefined;
  readonly e?: string | undefined;
  readonly x?: string | undefined;
  readonly y?: string | undefined;
  readonly kid?: string | undefined;
  readonly alg?: string | undefined;
}

type ImportParameters = EcKeyImportParams | RsaHashedImportParams | { name: "Ed25519" };

const algorithms = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"] as const;

/** The object identifiers that begin a PKCS#8 key (RFC 5208 section 5), as DER in hexadecimal. */
const identifiers: Readonly<Record<string, string>> = {
  ES256: "06072a8648ce3d020106082a8648ce3d030107",
  ES384: "06072a8648ce3d020106052b81040022",
  ES512: "06072a8648ce3d020106052b81040023",
  EdDSA: "06032b6570",
  RSA: "06092a864886f70d010101",
};

/** The `kty` and `crv` of a JWK. */
const jwkKinds: Readonly<Record<string, string>> = { ES256: "EC P-256", ES384: "EC P-384", ES512: "EC P-521", EdDSA: "OKP Ed25519" };

/**
 * Reads a private key for one algorithm. What can be checked without importing it is checked at once, and throws InvalidOptionError. The
 * returned function imports the key when it is first called, and rejects with InvalidOptionError when that fails. No error shows the key.
 */
export function readSigningKey(where: string, key: SigningKey, algorithm: SigningAlgorithm): () => Promise<WebCryptoKey> {
  requireOneOf(`${where}.alg`, algorithm, algorithms);
  const load = loaderOf(`${where}.key`, key, algorithm);
  let loaded: Promise<WebCryptoKey> | undefined;
  return () => {
    loaded ??= load().catch(() => {
      // The error itself is not kept: it may quote the key.
      throw new InvalidOptionError(`${where}.key`, `a private key for ${algorithm}`, "one that cannot be imported");
    });
    return loaded;
  };
}

function loaderOf(where: string, key: SigningKey, algorithm: SigningAlgorithm): () => Promise<WebCryptoKey> {
  const parameters = importParameters(algorithm);
  if (typeof key === "string") {
    const der = readPkcs8(where, key, algorithm);
    return () => crypto.subtle.importKey("pkcs8", der, parameters, false, ["sign"]);
  }
  if (typeof key !== "object" || key === null) throw new InvalidOptionError(where, "a PEM, Base64, JWK or CryptoKey", kindOf(key));
  if (isCryptoKey(key)) {
    checkCryptoKey(where, key, algorithm, parameters);
    return async () => key;
  }
  const jwk = ownFields(key as JsonWebKey);
  const kind = jwk.kty === "RSA" ? "RSA" : `${jwk.kty} ${jwk.crv}`;
  if (kind !== (jwkKinds[algorithm] ?? "RSA")) throw new InvalidOptionError(where, `a JWK for ${algorithm}`, "one of another kind");
  if (typeof jwk.d !== "string") throw new InvalidOptionError(where, "a private JWK", "one without its private part");
  // What else a JWK says of its use does not matter here: the key signs.
  for (const name of ["key_ops", "use", "ext", "alg"] as const) delete jwk[name];
  return () => crypto.subtle.importKey("jwk", jwk, parameters, false, ["sign"]);
}

function importParameters(algorithm: SigningAlgorithm): ImportParameters {
  if (algorithm === "EdDSA") return { name: "Ed25519" };
  const bits = algorithm.slice(2);
  if (algorithm.startsWith("ES")) return { name: "ECDSA", namedCurve: bits === "512" ? "P-521" : `P-${bits}` };
  return { name: algorithm.startsWith("PS") ? "RSA-PSS" : "RSASSA-PKCS1-v1_5", hash: `SHA-${bits}` };
}

function readPkcs8(where: string, text: string, algorithm: SigningAlgorithm): Uint8Array<ArrayBuffer> {
  // Environment variables and JSON files often have the line breaks of a PEM written as backslash and n.
  const lines = text.replaceAll("\\n", "\n").trim();
  const label = /^-----BEGIN ([A-Z ]{1,30})-----/.exec(lines)?.[1];
  if (label !== undefined && label !== "PRIVATE KEY") {
    throw new InvalidOptionError(where, 'PKCS#8, a PEM of "PRIVATE KEY" (openssl pkcs8 -topk8 -nodes makes one)', `a PEM of "${label}"`);
  }
  const base64 = lines
    .replaceAll(/-----[A-Z ]+-----|\s/g, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  let der: Uint8Array<ArrayBuffer>;
  try {
    der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw new InvalidOptionError(where, "a PEM, or PKCS#8 in Base64", "text that is neither");
  }
  const beginning = Array.from(der.subarray(0, 40), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (!beginning.startsWith("30")) throw new InvalidOptionError(where, "PKCS#8 in Base64", "something else in Base64");
  if (!beginning.includes(identifiers[algorithm] ?? identifiers["RSA"] ?? "")) {
    throw new InvalidOptionError(where, `a private key for ${algorithm}`, "a key of another kind");
  }
  return der;
}

/** Whether this is a CryptoKey, of whatever realm. */
function isCryptoKey(key: object): key is WebCryptoKey {
  return Object.prototype.toString.call(key) === "[object CryptoKey]";
}

function checkCryptoKey(where: string, key: WebCryptoKey, algorithm: SigningAlgorithm, wanted: ImportParameters): void {
  const own = key.algorithm as { name: string; namedCurve?: string; hash?: { name: string } };
  if (key.type !== "private" || !key.usages.includes("sign")) {
    throw new InvalidOptionError(where, "a private CryptoKey that may sign", `a ${key.type} one`);
  }
  const fits =
    own.name === wanted.name &&
    (!("namedCurve" in wanted) || own.namedCurve === wanted.namedCurve) &&
    (!("hash" in wanted) || own.hash?.name === wanted.hash);
  if (!fits) throw new InvalidOptionError(where, `a CryptoKey for ${algorithm}`, `one for ${own.name}`);
}
