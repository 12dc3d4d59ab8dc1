import { TokenRequestError, parseUrl } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { readFields, textField, type AnswerFields } from "../endpoint/answer-fields.ts";
import { askEndpoint, type BodyFields } from "../endpoint/endpoint-request.ts";
import { failureOf } from "../endpoint/failure.ts";

/** The answer of RFC 8628 section 3.2, checked. Times are milliseconds. */
export interface DeviceAuthorization {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string | undefined;
  readonly expiresIn: number;
  readonly interval: number;
}

/** Seconds, where the server does not say: the interval of RFC 8628 section 3.2, and a lifetime that most servers have. */
const defaults = { interval: 5, expires_in: 600 };
/** Seconds. To ask more often than once a second helps nobody; a code that lives for longer than a day is a mistake. */
const bounds = { interval: [1, 300], expires_in: [1, 86_400] } as const;

/** Rejects with TokenRequestError. */
export function authorizeDevice(client: ClientParts, fields: BodyFields, signal: AbortSignal | undefined): Promise<DeviceAuthorization> {
  // RFC 8628 section 3.1 wants the client's id in the body even where a header authenticates it.
  const request = { endpoint: "device_authorization_endpoint", fields, secrets: {}, namesClient: true, signal } as const;
  return askEndpoint(client, request, (answer) => {
    const read = answer.status >= 200 && answer.status < 300 ? readFields(answer.text) : undefined;
    if (read === undefined || read["error"] !== undefined) throw failureOf(answer);
    return check(read, answer.host);
  });
}

function check(fields: AnswerFields, host: string): DeviceAuthorization {
  const deviceCode = textField(fields, "device_code");
  const userCode = textField(fields, "user_code");
  // Google calls it verification_url.
  const verificationUri = pageAt(fields, "verification_uri") ?? pageAt(fields, "verification_url");
  if (deviceCode === undefined || userCode === undefined || verificationUri === undefined || !/^[\x20-\x7e]{1,64}$/.test(userCode)) {
    throw new TokenRequestError("unknown", `The device authorization endpoint ${host} gave no device code, user code or page to go to.`);
  }
  return {
    deviceCode,
    userCode,
    verificationUri,
    verificationUriComplete: pageAt(fields, "verification_uri_complete"),
    expiresIn: seconds(fields, "expires_in") * 1000,
    interval: seconds(fields, "interval") * 1000,
  };
}

/** Reads the URL of a page for the user's browser: http or https, and nothing in it that a terminal would act upon. */
function pageAt(fields: AnswerFields, name: string): string | undefined {
  const url = parseUrl(textField(fields, name) ?? "");
  const isPage = url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
  return isPage ? url.href : undefined;
}

function seconds(fields: AnswerFields, name: keyof typeof defaults): number {
  const given = Number(fields[name] ?? defaults[name]);
  const [least, most] = bounds[name];
  return Number.isFinite(given) ? Math.min(Math.max(given, least), most) : defaults[name];
}
