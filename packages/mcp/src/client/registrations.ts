import { hasOwn, StoreError, storeKey, type TokenStore, type Version } from "@tokenflight/core";
import { askStore, sharedTurn, unreadable, type AuthorizationServer } from "@tokenflight/oauth";
import type { Asking } from "../discovery/resource-metadata.ts";
import { register, type AuthMethod, type Registration, type RegistrationWish } from "./registration.ts";

/** How many registrations are kept for one issuer: the newest, and those that logins may still have been made with. */
const mostKept = 8;
/** How often an entry is written again because another writer was faster. */
const attempts = 20;

interface Seen {
  readonly version: Version | undefined;
  /** The newest first. */
  readonly registrations: readonly Registration[];
}

/**
 * The clients that authorization servers have registered for this program, in the store, by their issuers: one issuer's client is never shown to another. A
 * secret among them stands there as tokens do.
 */
export class Registrations {
  readonly #store: TokenStore;
  readonly #owner: string;

  /** `owner`: whose they are, by the name that its logins have in the store. */
  constructor(store: TokenStore, owner: string) {
    this.#store = store;
    this.#owner = owner;
  }

  /** The one that a login would use; undefined where there is none, or its secret is over. Rejects with StoreError. */
  async newest({ issuer }: AuthorizationServer): Promise<Registration | undefined> {
    const [newest] = (await this.#read(issuer)).registrations;
    return newest !== undefined && isGood(newest) ? newest : undefined;
  }

  /** The one of an id, however old it is. Rejects with StoreError. */
  async find(issuer: string, clientId: string): Promise<Registration | undefined> {
    return (await this.#read(issuer)).registrations.find((one) => one.clientId === clientId);
  }

  /**
   * A registration with this redirect URI: the one that is there, or a new one, which is made once for all processes that want it at the same time. `told` is
   * called by whoever has made it. Rejects as `register` does, and with StoreError.
   */
  async obtain(metadata: AuthorizationServer, wish: RegistrationWish, asking: Asking, told: () => void): Promise<Registration> {
    const { issuer } = metadata;
    const work = {
      find: async () => {
        const newest = await this.newest(metadata);
        return newest?.redirectUri === wish.redirectUri ? newest : undefined;
      },
      make: (signal: AbortSignal) => register(metadata, wish, { ...asking, signal }),
      keep: async (made: Registration) => {
        await this.#change(issuer, (before) => [made, ...before.filter(({ clientId }) => clientId !== made.clientId)]);
        told();
        return made;
      },
    };
    return sharedTurn(this.#store, `registration at ${issuer}`, this.#owner, work, { signal: asking.signal });
  }

  /** The server does not know it any more: the next login registers anew. Rejects with StoreError. */
  async drop(issuer: string, clientId: string): Promise<void> {
    await this.#change(issuer, (before) => before.filter((one) => one.clientId !== clientId));
  }

  async #read(issuer: string): Promise<Seen> {
    const key = await this.#keyOf(issuer);
    const entry = await askStore((signal) => this.#store.read(key, { signal })).catch(unreadable);
    return { version: entry?.version, registrations: decode(entry?.value) };
  }

  async #change(issuer: string, change: (before: readonly Registration[]) => readonly Registration[]): Promise<void> {
    const key = await this.#keyOf(issuer);
    for (let left = attempts; left > 0; left -= 1) {
      const { version, registrations } = await this.#read(issuer);
      const value = JSON.stringify({ registrations: change(registrations).slice(0, mostKept) });
      if ((await askStore((signal) => this.#store.compareAndSet(key, version, value, { signal }))) !== undefined) return;
    }
    throw new StoreError("ERR_STORE_UNAVAILABLE", "The store refuses every write of a client's registration.");
  }

  #keyOf(issuer: string): Promise<string> {
    return storeKey(`clients registered at ${issuer}`, this.#owner);
  }
}

function isGood({ expiresAt }: Registration): boolean {
  return expiresAt === undefined || Date.now() < expiresAt;
}

/** What cannot be read is no registration. */
function decode(value: string | undefined): readonly Registration[] {
  try {
    const read: unknown = JSON.parse(value ?? "{}");
    const list =
      typeof read === "object" && read !== null && hasOwn(read, "registrations") ? (read as { registrations: unknown }).registrations : [];
    return (Array.isArray(list) ? list : []).flatMap((one: unknown) => readRegistration(one) ?? []);
  } catch {
    return [];
  }
}

function readRegistration(given: unknown): Registration | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { clientId, secret, method, redirectUri, expiresAt } = Object.assign(Object.create(null) as object, given) as Partial<Registration>;
  const isMethod = ["none", "client_secret_basic", "client_secret_post"].includes(method as string);
  if (typeof clientId !== "string" || clientId === "" || typeof redirectUri !== "string" || !isMethod) return undefined;
  return {
    clientId,
    secret: typeof secret === "string" ? secret : undefined,
    method: method as AuthMethod,
    redirectUri,
    expiresAt: typeof expiresAt === "number" ? expiresAt : undefined,
  };
}
