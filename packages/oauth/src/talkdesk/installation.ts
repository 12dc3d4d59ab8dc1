import { InvalidOptionError, readOptions, requireOneOf, TokenRequestError } from "@tokenflight/core";
import { privateKeyJwt } from "../client-auth/private-key-jwt.ts";
import type { ClientCredentials, CurrentCredentials, FetchFunction } from "../client-parts.ts";
import { outcomeOf } from "../endpoint/failure.ts";
import { requireServerUrl } from "../server/authorization-server.ts";
import { readInstallationEvent, type InstallationEvent } from "./installation-event.ts";
import { identityOriginOf, regionAt, regionOf } from "./regions.ts";
import { talkdeskAt, talkdeskProvider, type Talkdesk } from "./talkdesk.ts";

/** The options of `installationFrom`. */
export interface InstallationOptions {
  /** How the app authenticates. Default "signed-jwt", which an app on AppConnect has to use. */
  auth?: "signed-jwt" | "basic" | undefined;
  /** Default: the event's `_links.token`, or the account's host in the region of `_links.root`. */
  tokenEndpoint?: string | undefined;
  /** Default: the event's `_links.authorization`, or beside the token endpoint. */
  authorizationEndpoint?: string | undefined;
}

/** One customer account's installation of an app, with credentials that Talkdesk changes from time to time. */
export interface Installation extends Omit<Talkdesk, "oauth" | "basic"> {
  /** For `createOAuthClient(installation.oauth)`. It follows `rotate` while running; its `clientId` names the installation, not one set. */
  readonly oauth: Talkdesk["oauth"] & {
    /** The installation's client id. */
    readonly clientId: string;
    /** Gives the installation's credentials of the moment, for `createOAuthClient`. */
    readonly credentials: CurrentCredentials;
  };
  /** The installation's id. */
  readonly id: string;
  /** The id of the app that was installed. */
  readonly appId: string;
  /** The id of the account that installed the app. */
  readonly accountId: string;
  /** The name of the account that installed the app. */
  readonly accountName: string;
  /**
   * Takes over the credentials of an `app.credentials_rotated` event. They are used at once; the old ones serve as the fallback for seven days, or not at all
   * when they were `compromised`. An event that comes twice or late changes nothing. Returns whether it changed anything.
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`) for an event that is not valid, or is another installation's.
   */
  rotate(
    event: unknown,
    options?: {
      /** Whether the old secret is out of use at once, since somebody else knows it. Default false. */
      compromised?: boolean | undefined;
    },
  ): boolean;
  /**
   * Tells Talkdesk that the new credentials are in use, which ends the old ones. `send` is a fetch that puts this installation's token on the request (scope
   * `apps:write`). Resolves to whether Talkdesk accepted; false when it had nothing to acknowledge.
   *
   * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`).
   */
  acknowledge(send: FetchFunction): Promise<boolean>;
}

interface CredentialSet extends ClientCredentials {
  readonly keyId: string;
  readonly createdAt: number;
  /** Milliseconds since the UNIX epoch. */
  expiresAt: number;
}

/** Milliseconds for which the old credentials work on after a rotation: seven days. */
const overlap = 7 * 24 * 3_600_000;

/**
 * Makes an installation of its `app.installed` event. Check the event's signature first, because what it says is believed. To restore it after a restart,
 * keep the events and `rotate` through the later ones.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`), which never shows a credential.
 * @example
 * ```ts
 * const { oauth, rotate } = installationFrom(event);
 * const client = createOAuthClient(oauth);
 * ```
 */
export function installationFrom(event: unknown, options: InstallationOptions = {}): Installation {
  const read = readOptions("installationFrom", options, ["auth", "tokenEndpoint", "authorizationEndpoint"]);
  const { auth = "signed-jwt" } = read;
  requireOneOf("installationFrom.auth", auth, ["signed-jwt", "basic"]);
  const installed = readInstallationEvent(event, "app.installed");
  const { apiOrigin, appId, installationId: id, accountId, accountName } = installed;
  const service = talkdeskAt({ ...endpointsOf(installed, read), apiOrigin });
  const { basic: _, ...settings } = service;
  /** The newest first. */
  let sets: readonly CredentialSet[] = [credentialsOf(installed, auth)];

  return {
    ...settings,
    id,
    appId,
    accountId,
    accountName,
    oauth: {
      ...service.oauth,
      clientId: `${appId}/${id}`,
      credentials: () => sets.filter(({ expiresAt }) => expiresAt > Date.now()),
    },
    rotate(rotated, given = {}) {
      const { compromised = false } = readOptions("rotate", given, ["compromised"]);
      const rotation = readInstallationEvent(rotated, "app.credentials_rotated");
      if (rotation.installationId !== id || rotation.appId !== appId) {
        throw new InvalidOptionError("event.data.installation_id", "this installation's", "another one's");
      }
      const [current] = sets;
      const isKnown = sets.some(({ clientId, keyId }) => clientId === rotation.clientId && keyId === rotation.keyId);
      if (current === undefined || isKnown || rotation.createdAt < current.createdAt) return false;
      current.expiresAt = Math.min(rotation.createdAt, Date.now()) + overlap;
      sets = compromised ? [credentialsOf(rotation, auth)] : [credentialsOf(rotation, auth), current];
      return true;
    },
    async acknowledge(send) {
      const [current] = sets;
      const url = `${apiOrigin}/apps/${appId}/installations/${id}/credentials/${current?.clientId}/state`;
      const headers = { "content-type": "application/json" };
      const { status, body } = await send(url, { method: "POST", headers, body: '{"state":"acknowledged"}', redirect: "manual" });
      body?.cancel().catch(() => {});
      if (status === 202 && sets[0] === current) sets = sets.slice(0, 1);
      if (status === 202 || status === 409) return status === 202;
      throw new TokenRequestError(outcomeOf(status), `The acknowledgement of rotated credentials was answered ${status}.`, { status });
    },
  };
}

function credentialsOf(event: InstallationEvent, auth: "signed-jwt" | "basic"): CredentialSet {
  const { clientId, clientSecret, privateKey, keyId, algorithm, createdAt } = event;
  const clientAuth =
    auth === "basic"
      ? talkdeskProvider.basic(clientSecret)
      : privateKeyJwt({ key: privateKey, keyId, alg: algorithm, audience: "token-endpoint" });
  return { clientId, clientAuth, keyId, createdAt, expiresAt: Number.POSITIVE_INFINITY };
}

function endpointsOf(
  event: InstallationEvent,
  given: Pick<InstallationOptions, "tokenEndpoint" | "authorizationEndpoint">,
): { tokenEndpoint: string; authorizationEndpoint: string } {
  const token = given.tokenEndpoint ?? event.tokenEndpoint ?? `${accountOriginOf(event)}/oauth/token`;
  const tokenEndpoint = requireServerUrl("installationFrom.tokenEndpoint", token).href;
  const authorize = given.authorizationEndpoint ?? event.authorizationEndpoint ?? new URL("authorize", tokenEndpoint).href;
  return { tokenEndpoint, authorizationEndpoint: requireServerUrl("installationFrom.authorizationEndpoint", authorize).href };
}

function accountOriginOf({ apiOrigin, accountName }: InstallationEvent): string {
  const region = regionAt(apiOrigin);
  if (region === undefined) {
    throw new InvalidOptionError("installationFrom.tokenEndpoint", "the token endpoint of an account in an unknown region", "nothing");
  }
  return identityOriginOf("event.data.account_name", accountName, regionOf("region", region));
}
