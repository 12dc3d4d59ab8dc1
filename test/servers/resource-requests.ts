/** How a request said who it is for. */
export type AuthorizationKind = "none" | "bearer" | "bare" | "other";

/** One request as the resource API got it. */
export interface ResourceRequest {
  /** The header `x-request-id`: the same for every time that a caller's request was sent. */
  readonly id: string | undefined;
  /** The header `x-client`; empty without one. */
  readonly client: string;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** The Authorization header as it came, so that a test can look for one token. */
  readonly authorization: string | undefined;
  readonly authorizationKind: AuthorizationKind;
  /** The status that it is or was answered with; undefined when its body did not arrive whole. */
  readonly status: number | undefined;
  readonly bodyLength: number;
  readonly bodySha256: string;
}

export interface RequestCounts {
  /** Requests that arrived. */
  requests: number;
  /** Those of them that were answered by 401. */
  refused: number;
}

export function authorizationKindOf(authorization: string | undefined): AuthorizationKind {
  if (authorization === undefined) return "none";
  if (/^bearer /i.test(authorization)) return "bearer";
  return authorization.includes(" ") ? "other" : "bare";
}

/** Counts per client, and for all of them together. */
export class RequestCounters {
  readonly total: RequestCounts = { requests: 0, refused: 0 };
  readonly #clients = new Map<string, RequestCounts>();

  of(client: string): RequestCounts {
    const counts = this.#clients.get(client) ?? { requests: 0, refused: 0 };
    this.#clients.set(client, counts);
    return counts;
  }

  count(client: string, field: keyof RequestCounts): void {
    this.total[field] += 1;
    this.of(client)[field] += 1;
  }

  reset(): void {
    this.#clients.clear();
    Object.assign(this.total, { requests: 0, refused: 0 });
  }
}
