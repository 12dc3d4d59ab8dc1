import {
  readOptions,
  readTokenResponse,
  requireFunction,
  requireSignal,
  systemClock,
  TokenRequestError,
  waitFor,
  type TokenResponse,
  type TokenSet,
} from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { readClaims } from "../endpoint/answer-fields.ts";
import { currentCredentials, locate, type BodyFields } from "../endpoint/endpoint-request.ts";
import { requestTokens } from "../endpoint/token-request.ts";
import { LoginError } from "../errors.ts";
import { grantOptionNames, readGrantParameters, type GrantOptions } from "../grants/grant-parameters.ts";
import { checkIdToken } from "../id-token/check-id-token.ts";
import { watchServerTime } from "../id-token/clock-difference.ts";
import { waitingClock, within, type WaitingClock } from "../endpoint/waiting.ts";
import { authorizeDevice, type DeviceAuthorization } from "./device-authorization.ts";

/** What the user has to be shown. */
export interface DevicePrompt {
  /** The code that the user types in there. */
  readonly userCode: string;
  /** Where the user types it in: http or https, without credentials. */
  readonly verificationUri: string;
  /** The same with the code in it, for a QR code. */
  readonly verificationUriComplete: string | undefined;
  /** Milliseconds since the UNIX epoch. */
  readonly expiresAt: number;
}

/** Reported after each attempt that gave no token set. */
export interface DeviceProgress {
  /** Why there is none yet: the user has not decided, the server wants to be asked less often, or it could not be asked. */
  readonly state: "pending" | "slow-down" | "unreachable";
  /** Milliseconds until the next attempt. */
  readonly nextIn: number;
}

/** The options of `deviceLogin` (RFC 8628). */
export interface DeviceLoginOptions extends GrantOptions {
  /** Shows the user where to go. It may be asynchronous; its failure ends the login. */
  show: (prompt: DevicePrompt) => void | Promise<void>;
  /** Is told how the login goes. What it throws ends the login. Default: nobody is told. */
  progress?: ((progress: DeviceProgress) => void) | undefined;
  /**
   * Those of the APIs in `resource` and `audience` that the token set is for, where the server gives access tokens for one at a time. Default: all of
   * them.
   */
  exchange?: Pick<GrantOptions, "resource" | "audience"> | undefined;
  /** Ends the login. Default: none, so that the server's time limit ends it. */
  signal?: AbortSignal | undefined;
  /** Measures the delay between two attempts. Default: the system's clock, which keeps the process alive meanwhile. */
  clock?: WaitingClock | undefined;
}

const grant = "urn:ietf:params:oauth:grant-type:device_code";
/** Milliseconds by which `slow_down` makes every further delay longer (RFC 8628 section 3.5). */
const slowDown = 5000;
/** Milliseconds. */
const maxDelay = 60_000;

/**
 * Logs a user in on another device (RFC 8628): shows a code, and asks for the token set until the user has decided. Rejects with LoginError
 * ("refused", "expired", "id-token", "aborted"), TokenRequestError, InvalidTokenResponseError and InvalidOptionError.
 */
export async function deviceLogin(client: ClientParts, options: DeviceLoginOptions): Promise<TokenSet> {
  const names = ["show", "progress", "exchange", "signal", "clock", ...grantOptionNames] as const;
  const read = readOptions<DeviceLoginOptions>("deviceLogin", options, names);
  const { show, progress, exchange = {}, signal, clock = waitingClock, ...rest } = read;
  requireFunction("deviceLogin.show", show);
  if (progress !== undefined) requireFunction("deviceLogin.progress", progress);
  requireSignal("deviceLogin.signal", signal);
  const { fields, scope } = readGrantParameters("deviceLogin", rest);
  // RFC 8707 section 2.2: the token request names the APIs again.
  const { resource = read.resource, audience = read.audience } = readOptions("deviceLogin.exchange", exchange, ["resource", "audience"]);
  const { fields: apis } = readGrantParameters("deviceLogin.exchange", { resource, audience });
  try {
    const device = await authorizeDevice(client, fields, signal);
    const end = clock.monotonic() + device.expiresIn;
    const { userCode, verificationUri, verificationUriComplete } = device;
    await show({ userCode, verificationUri, verificationUriComplete, expiresAt: Date.now() + device.expiresIn });
    return await poll(client, device, { end, clock, signal, scope, apis, progress });
  } catch (error) {
    throw signal?.aborted ? new LoginError("aborted", "The login was ended by its signal.") : error;
  }
}

interface Polling extends Pick<DeviceLoginOptions, "progress" | "signal"> {
  /** When the device code expires, on the clock's monotonic time. */
  readonly end: number;
  readonly clock: WaitingClock;
  readonly scope: string | undefined;
  /** What the token set is for: fields of the token request. */
  readonly apis: BodyFields;
}

/** Asks for the token set, with a delay before each attempt, until the user has decided or the device code has expired. */
async function poll(client: ClientParts, { deviceCode, interval }: DeviceAuthorization, polling: Polling): Promise<TokenSet> {
  const { clock, end, signal, scope, apis, progress } = polling;
  const watched = watchServerTime(client);
  const request = { grant, fields: apis, secrets: { device_code: deviceCode }, scope, signal };
  for (let delay = interval; ;) {
    if (clock.monotonic() + delay >= end) throw new LoginError("expired", "The user did not log in in time.");
    await wait(clock, delay, signal);
    try {
      const response = await requestTokens(watched.client, request);
      await checkDeviceIdToken(client, response, watched.ahead(), signal);
      return readTokenResponse(response, systemClock.now());
    } catch (error) {
      const state = stateAfter(error);
      if (state === "slow-down") delay += slowDown;
      // RFC 8628 section 3.5: a server that could not be reached is asked less and less often.
      if (state === "unreachable") delay = Math.max(Math.min(delay * 2, maxDelay), retryAfterOf(error));
      progress?.({ state, nextIn: delay });
    }
  }
}

/** The request of a device login has no nonce, and not every server answers it with an id token. Rejects with LoginError. */
async function checkDeviceIdToken(
  client: ClientParts,
  response: TokenResponse,
  ahead: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const purpose = { endpoint: "token_endpoint", signal } as const;
  await within(client.timeout, signal, async (ending) => {
    const [server, sets] = await Promise.all([locate(client, purpose, ending), currentCredentials(client, purpose, ending)]);
    // Of several sets of credentials, a later one may have been used.
    const audience = new Set([readClaims(response.id_token)?.["aud"]].flat());
    const { clientId } = sets.find((set) => audience.has(set.clientId)) ?? sets[0];
    const rules = { server: server.metadata, clientId, nonce: undefined, required: false, ahead, signal: ending };
    await checkIdToken(client, response, rules);
  });
}

/** Returns why the login goes on after an error. Throws what ends the login. */
function stateAfter(error: unknown): DeviceProgress["state"] {
  // A refresh token that came is in the error; to ask again would find the code used up.
  if (!(error instanceof TokenRequestError) || error.refreshToken !== undefined) throw error;
  if (error.error === "authorization_pending") return "pending";
  if (error.error === "slow_down") return "slow-down";
  const details = { error: error.error, errorDescription: error.errorDescription, cause: error };
  if (error.error === "expired_token") throw new LoginError("expired", "The user did not log in in time.", details);
  if (error.error === "access_denied") throw new LoginError("refused", "The user or the server refused the login.", details);
  if (error.outcome === "refused") throw error;
  return "unreachable";
}

function retryAfterOf(error: unknown): number {
  return error instanceof TokenRequestError ? (error.retryAfter ?? 0) : 0;
}

/** Waits, and rejects with the signal's reason when it aborts. */
async function wait(clock: WaitingClock, delay: number, signal: AbortSignal | undefined): Promise<void> {
  let cancel = (): void => {};
  const over = new Promise<void>((resolve) => (cancel = clock.schedule(resolve, delay)));
  await waitFor(over, signal).finally(() => cancel());
}
