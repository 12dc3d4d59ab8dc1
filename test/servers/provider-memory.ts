import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";

interface Entry {
  readonly payload: AdapterPayload;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Where one authorization server keeps what it knows. The memory that oidc-provider brings warns on the console, and drops the
 * oldest of more than 1000 entries.
 */
export class ProviderMemory {
  readonly #models = new Map<string, Map<string, Entry>>();
  readonly #graceTime: number;
  /** When each refresh token was used first, in milliseconds since 1970. */
  readonly #usedAt = new Map<string, number>();

  /** `graceTime`: milliseconds for which a refresh token that was used up looks as if it were not. */
  constructor({ graceTime = 0 }: { graceTime?: number } = {}) {
    this.#graceTime = graceTime;
  }

  readonly adapters: AdapterFactory = (model) => this.#adapter(model);

  find(model: string, id: string): AdapterPayload | undefined {
    const entries = this.#entries(model);
    const entry = entries.get(id);
    if (entry === undefined) return undefined;
    if (entry.expiresAt === Infinity) return entry.payload;
    if (entry.expiresAt <= Date.now()) {
      entries.delete(id);
      return undefined;
    }
    // oidc-provider counts in whole seconds, rounded down at both ends, and would end a token up to a second before its time.
    // Time is kept here, and the provider is given an end that is never too early.
    const payload = { ...entry.payload, exp: Math.ceil(entry.expiresAt / 1000) };
    if (model === "RefreshToken" && Date.now() - (this.#usedAt.get(id) ?? 0) < this.#graceTime) delete payload.consumed;
    return payload;
  }

  /** Whether there was such an entry. */
  remove(model: string, id: string): boolean {
    return this.#entries(model).delete(id);
  }

  /** Removes everything of one login. */
  removeGrant(grantId: string): void {
    for (const model of this.#models.keys()) this.#removeOfGrant(model, grantId);
    this.remove("Grant", grantId);
  }

  #entries(model: string): Map<string, Entry> {
    const entries = this.#models.get(model) ?? new Map<string, Entry>();
    this.#models.set(model, entries);
    return entries;
  }

  #removeOfGrant(model: string, grantId: string): void {
    const entries = this.#entries(model);
    for (const [id, { payload }] of entries) if (payload.grantId === grantId) entries.delete(id);
  }

  #adapter(model: string): Adapter {
    const entries = this.#entries(model);
    return {
      upsert: async (id, payload, expiresIn) => {
        entries.set(id, { payload, expiresAt: expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000 });
      },
      find: async (id) => this.find(model, id),
      findByUid: async (uid) => {
        for (const [id, { payload }] of entries) if (payload.uid === uid) return this.find(model, id);
        return undefined;
      },
      findByUserCode: async (userCode) => {
        for (const [id, { payload }] of entries) if (payload.userCode === userCode) return this.find(model, id);
        return undefined;
      },
      consume: async (id) => {
        const entry = entries.get(id);
        if (!this.#usedAt.has(id)) this.#usedAt.set(id, Date.now());
        if (entry !== undefined) entry.payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => {
        entries.delete(id);
      },
      revokeByGrantId: async (grantId) => this.#removeOfGrant(model, grantId),
    };
  }
}
