import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

/*
 * Certificates for servers and clients of this process: Node can read them and cannot make them. DER as in X.690, the fields as in RFC 5280.
 */

export interface Certificate {
  /** PEM, as are the others. */
  readonly key: string;
  readonly cert: string;
}

export interface Authority extends Certificate {
  /** A certificate for a server's names and addresses, or for a client, whose name it is. */
  issue(names: readonly string[], validity?: Validity): Certificate;
}

type Validity = "now" | "over" | "later";

type Part = Uint8Array | readonly number[];

function der(tag: number, ...parts: Part[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = content;
  const head = length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: Part[]): Buffer => der(0x30, ...parts);
const text = (value: string): Buffer => der(0x0c, Buffer.from(value));

const ecdsaWithSha256 = sequence(der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
const nameOf = (commonName: string): Buffer => sequence(der(0x31, sequence(der(0x06, [0x55, 0x04, 0x03]), text(commonName))));
const years: Record<Validity, readonly [string, string]> = { now: ["20", "49"], over: ["20", "21"], later: ["48", "49"] };
const validityOf = (validity: Validity): Buffer => sequence(...years[validity].map((year) => der(0x17, Buffer.from(`${year}0101000000Z`))));

/** `id-ce`, and the extension's value. */
const extension = (id: number, value: Buffer): Buffer => sequence(der(0x06, [0x55, 0x1d, id]), der(0x04, value));
const isAuthority = extension(0x13, sequence(der(0x01, [0xff])));
const alternativeNames = (names: readonly string[]): Buffer =>
  extension(
    0x11,
    sequence(...names.map((name) => (isIP(name) === 4 ? der(0x87, name.split(".").map(Number)) : der(0x82, Buffer.from(name))))),
  );

interface Draft {
  readonly subject: string;
  readonly issuer: string;
  readonly extension: Buffer;
  readonly validity?: Validity | undefined;
  /** What signs it. Default: its own key. */
  readonly signer?: KeyObject | undefined;
}

function make({ subject, issuer, extension: only, validity = "now", signer }: Draft): Certificate & { readonly privateKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const serial = [1, ...createHash("sha256").update(spki).digest().subarray(0, 8)];
  const version3 = der(0xa0, der(0x02, [2]));
  const fields = [version3, der(0x02, serial), ecdsaWithSha256, nameOf(issuer), validityOf(validity), nameOf(subject), spki];
  const toBeSigned = sequence(...fields, der(0xa3, sequence(only)));
  const signature = sign("sha256", toBeSigned, signer ?? privateKey);
  const certificate = sequence(toBeSigned, ecdsaWithSha256, der(0x03, [0], signature));
  // OpenSSL takes no empty line before the end.
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    privateKey,
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
  };
}

/** A key and a certificate that it signed itself, for localhost. */
export function selfSigned(name = "localhost"): Certificate {
  const { key, cert } = make({ subject: name, issuer: name, extension: alternativeNames([name, "127.0.0.1"]) });
  return { key, cert };
}

/** A certificate authority of one's own, which nobody trusts unless told to. */
export function createAuthority(name = "A company's own CA"): Authority {
  const { privateKey, key, cert } = make({ subject: name, issuer: name, extension: isAuthority });
  return {
    key,
    cert,
    issue([first = "localhost", ...others], validity) {
      const issued = make({ subject: first, issuer: name, extension: alternativeNames([first, ...others]), validity, signer: privateKey });
      return { key: issued.key, cert: issued.cert };
    },
  };
}
