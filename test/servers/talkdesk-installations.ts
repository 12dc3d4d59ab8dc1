import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { jsonAnswer, type Answer } from "./answer.ts";
import type { TalkdeskClient, TalkdeskSessions } from "./talkdesk-sessions.ts";

export interface InstallationEvent {
  readonly type: "app.installed" | "app.credentials_rotated";
  readonly app_id: string;
  readonly created_at: string;
  readonly data: Readonly<Record<string, string>> & { readonly installation_id: string; readonly client_id: string };
  readonly _links: Readonly<Record<string, { readonly href: string }>>;
  readonly [further: string]: unknown;
}

interface Installation {
  readonly accountName: string;
  current: TalkdeskClient;
  old: TalkdeskClient | undefined;
}

const appId = "f918e2623486417791f3b5a18ca746ce";

/** The customer accounts that have installed the app, and the credentials that each was given. */
export class TalkdeskInstallations {
  readonly #clients: TalkdeskClient[];
  readonly #sessions: TalkdeskSessions;
  readonly #installations = new Map<string, Installation>();

  /** New clients are added to `clients`, dead ones taken away. */
  constructor(clients: TalkdeskClient[], sessions: TalkdeskSessions) {
    this.#clients = clients;
    this.#sessions = sessions;
  }

  install(origin: string, accountName: string): InstallationEvent {
    const id = randomBytes(16).toString("hex");
    const { client, privateKey } = this.#newClient(origin);
    this.#installations.set(id, { accountName, current: client, old: undefined });
    return event("app.installed", origin, id, accountName, client, privateKey);
  }

  rotate(origin: string, id: string, { compromised = false }: { compromised?: boolean } = {}): InstallationEvent {
    const installation = this.#installations.get(id);
    if (installation === undefined) throw new Error(`There is no installation ${id}.`);
    const { client, privateKey } = this.#newClient(origin);
    this.#end(installation.old);
    installation.old = installation.current;
    installation.current = client;
    if (compromised) this.#endOld(installation);
    return event("app.credentials_rotated", origin, id, installation.accountName, client, privateKey);
  }

  /** `POST /apps/{app_id}/installations/{installation_id}/credentials/{client_id}/state`. */
  acknowledge(path: string, authorization: string | undefined, body: string): Answer {
    const [, app, id = "", clientId] = /^\/apps\/([^/]+)\/installations\/([^/]+)\/credentials\/([^/]+)\/state$/.exec(path) ?? [];
    const installation = this.#installations.get(id);
    const problem = (status: number, message: string): Answer => jsonAnswer(status, { code: String(status), message });
    if (!this.#sessions.isActive(authorization?.replace(/^Bearer /, "") ?? "")) return problem(401, "The token is not active.");
    if (app !== appId || installation === undefined) return problem(404, "There is no such installation.");
    if (body !== '{"state":"acknowledged"}') return problem(400, "The state is not one of acknowledged.");
    if (installation.current.clientId !== clientId || installation.old === undefined)
      return problem(409, "There is nothing to acknowledge.");
    this.#endOld(installation);
    return jsonAnswer(202, { state: "acknowledged", _links: { self: { href: path } } });
  }

  #newClient(origin: string): { client: TalkdeskClient; privateKey: string } {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const client = {
      clientId: randomBytes(16).toString("hex"),
      clientSecret: randomBytes(24).toString("base64url"),
      redirectUri: `${origin}/callback`,
      scopes: ["openid", "account:read", "apps:write"],
      publicKey,
      keyId: randomUUID(),
    };
    this.#clients.push(client);
    return { client, privateKey: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64") };
  }

  #endOld(installation: Installation): void {
    this.#end(installation.old);
    installation.old = undefined;
  }

  #end(client: TalkdeskClient | undefined): void {
    const index = client === undefined ? -1 : this.#clients.indexOf(client);
    if (index !== -1) this.#clients.splice(index, 1);
  }
}

/** In the shape of the documentation's example; the key as Base64 of PKCS#8 without armour. */
function event(
  type: InstallationEvent["type"],
  origin: string,
  installationId: string,
  accountName: string,
  client: TalkdeskClient,
  privateKey: string,
): InstallationEvent {
  return {
    id: randomUUID(),
    created_at: new Date().toISOString(),
    api_version: "1",
    type,
    app_id: appId,
    app_version_id: randomBytes(16).toString("hex"),
    app_version_name: "1.0",
    data: {
      installation_id: installationId,
      account_id: randomBytes(16).toString("hex"),
      account_name: accountName,
      client_id: client.clientId,
      client_secret: client.clientSecret,
      private_key: privateKey,
      public_key: client.publicKey?.export({ format: "der", type: "spki" }).toString("base64") ?? "",
      key_id: client.keyId ?? "",
      key_algorithm: "ES256",
    },
    _links: {
      root: { href: origin },
      authorization: { href: `${origin}/oauth/authorize` },
      token: { href: `${origin}/oauth/token` },
    },
  };
}
