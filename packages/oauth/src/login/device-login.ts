import {
  readOptions,
  readTokenResponse,
  requireFunction,
  systemClock,
  TokenRequestError,
  type Clock,
  type TokenResponse,
  type TokenSet,
} from "@tokenflight/core";
import type { ClientParts } from "../client/read-client-options.ts";
import { withDeadline } from "../endpoint/deadline.ts";
import { authorizeDevice, type DeviceAuthorization } from "./device-authorization.ts";
import { currentCredentials, locate } from "../endpoint/endpoint-request.ts";
import { grantOptionNames, readGrantParameters, type GrantOptions } from "../grants/grant-parameters.ts";
import { readClaims } from "./id-token-claims.ts";
import { checkIdToken } from "./id-token.ts";
import { LoginError } from "../errors.ts";
import { requireSignal } from "../endpoint/require-signal.ts";
import { requestTokens } from "../endpoint/token-request.ts";

/** What the user has to be shown. */
export interface DevicePrompt {
  readonly userCode: string;
  /** Where the user types it in: http or https, without credentials. */
  readonly verificationUri: string;
  /** The same with the code in it, for a QR code. */
  readonly verificationUriComplete: string | undefined;
  /** Milliseconds since the UNIX epoch. */
  readonly expiresAt: number;
}

/** Told after each time that the server was asked in vain. */
export interface DeviceProgress {
  /** Why there are no tokens yet: the user has not decided, the server wants to be asked less often, or it could not be asked. */
  readonly state: "pending" | "slow-down" | "unreachable";
  /** Milliseconds until it is asked again. */
  readonly nextIn: number;
}

export interface DeviceLoginOptions extends GrantOptions {
  /** Shows the user where to go. It may be asynchronous; its failure ends the login. */
  show: (prompt: DevicePrompt) => void | Promise<void>;
  /** Is told how it goes. What it throws ends the login. */
  progress?: ((progress: DeviceProgress) => void) | undefined;
  /** Ends the login. */
  signal?: AbortSignal | undefined;
  /** Measures the pauses. Default: the system's clock, which keeps the process alive meanwhile. */
  clock?: Pick<Clock, "monotonic" | "schedule"> | undefined;
}

const grant = "urn:ietf:params:oauth:grant-type:device_code";
const none = readGrantParameters("deviceLogin", {});
/** Milliseconds by which `slow_down` makes every pause longer (RFC 8628 section 3.5). */
const slower = 5000;
const longestPause = 60_000;

const waitingClock: Pick<Clock, "monotonic" | "schedule"> = {
  monotonic: () => systemClock.monotonic(),
  schedule(callback, delay) {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};

/**
 * Logs a user in on another device (RFC 8628): shows a code, and asks for the tokens until the user has decided. Rejects with LoginError
 * ("refused", "expired", "id-token", "aborted"), TokenRequestError, InvalidTokenResponseError and InvalidOptionError.
 */
export async function deviceLogin(client: ClientParts, options: DeviceLoginOptions): Promise<TokenSet> {
  const names = ["show", "progress", "signal", "clock", ...grantOptionNames] as const;
  const { show, progress, signal, clock = waitingClock, ...rest } = readOptions<DeviceLoginOptions>("deviceLogin", options, names);
  requireFunction("deviceLogin.show", show);
  if (progress !== undefined) requireFunction("deviceLogin.progress", progress);
  requireSignal("deviceLogin.signal", signal);
  const asked = readGrantParameters("deviceLogin", rest);
  try {
    const device = await authorizeDevice(client, asked, signal);
    const end = clock.monotonic() + device.expiresIn;
    const { userCode, verificationUri, verificationUriComplete } = device;
    await show({ userCode, verificationUri, verificationUriComplete, expiresAt: Date.now() + device.expiresIn });
    return await poll(client, device, { end, clock, signal, asked, progress });
  } catch (error) {
    throw signal?.aborted ? new LoginError("aborted", "The login was ended by its signal.") : error;
  }
}

interface Polling {
  /** On the clock's own time. */
  readonly end: number;
  readonly clock: Pick<Clock, "monotonic" | "schedule">;
  readonly signal: AbortSignal | undefined;
  readonly asked: ReturnType<typeof readGrantParameters>;
  readonly progress: DeviceLoginOptions["progress"];
}

async function poll(client: ClientParts, { deviceCode, interval }: DeviceAuthorization, polling: Polling): Promise<TokenSet> {
  const { clock, end, signal, asked, progress } = polling;
  for (let pause = interval; ;) {
    if (clock.monotonic() + pause >= end) throw new LoginError("expired", "The user did not log in in time.");
    await wait(clock, pause, signal);
    try {
      const { scope } = asked;
      const response = await requestTokens(client, { grant, secrets: { device_code: deviceCode }, parameters: none, scope, signal });
      await checkDeviceIdToken(client, response, signal);
      return readTokenResponse(response, systemClock.now());
    } catch (error) {
      const state = stateAfter(error);
      if (state === "slow-down") pause += slower;
      // RFC 8628 section 3.5: who could not be reached is asked less and less often.
      if (state === "unreachable") pause = Math.max(Math.min(pause * 2, longestPause), retryAfterOf(error));
      progress?.({ state, nextIn: pause });
    }
  }
}

/** The request of a device login has no nonce, and not every server gives an id token after it. Throws LoginError. */
async function checkDeviceIdToken(client: ClientParts, response: TokenResponse, signal: AbortSignal | undefined): Promise<void> {
  const { knowsIssuer, fetch, timeout } = client;
  const purpose = { endpoint: "token_endpoint", signal } as const;
  await withDeadline(timeout, signal, async (ending) => {
    const [server, sets] = await Promise.all([locate(client, purpose, ending), currentCredentials(client, purpose, ending)]);
    // Of several sets of credentials, a fallback may have got the tokens.
    const audience = new Set([readClaims(response.id_token)?.["aud"]].flat());
    const { clientId } = sets.find((set) => audience.has(set.clientId)) ?? sets[0];
    await checkIdToken(response, { server, knowsIssuer, clientId, nonce: undefined, required: false, fetch, signal: ending });
  });
}

/** Throws what ends the login. */
function stateAfter(error: unknown): DeviceProgress["state"] {
  if (!(error instanceof TokenRequestError)) throw error;
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

function wait(clock: Polling["clock"], delay: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const abort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.schedule(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, delay);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
