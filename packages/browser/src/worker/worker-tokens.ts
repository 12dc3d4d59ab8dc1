import {
  hasOwn,
  signalOf,
  TokenSet,
  toTokenResponse,
  waitFor,
  type InitialTokens,
  type LoginStatus,
  type TokenCache,
  type TokenSetFields,
} from "@tokenflight/core";
import { TabChanges } from "../store/tab-changes.ts";
import { ask, NoWorkerError } from "./connection.ts";
import { fieldsOf, heard, isError, isUnderstood, type Call } from "./protocol.ts";

/** Milliseconds for which the worker's word is taken, at most. It hears of what happens elsewhere, and decides when a token is due. */
const longestTrust = 60_000;
/** Changes in a row that come while the worker answers. */
const mostChanges = 3;

const unknown: LoginStatus = { state: "unknown", expiresAt: undefined, scope: undefined };

/** The tokens of the service worker, as a page sees them: a copy of its answer, until that is old or something has changed. */
export class WorkerTokens implements TokenCache {
  readonly #registration: ServiceWorkerRegistration;
  readonly #key: string;
  readonly #changes = new TabChanges();
  /** Marks of entries, by their keys: a note of a refresh under way changes none. */
  readonly #marks = new Map<string | undefined, string>();
  /** Changes that this page has heard of. */
  #heard = 0;
  #held: TokenSet | undefined;
  #trustedUntil = 0;
  #status = unknown;
  /** When the token ends that it tells of. What follows then, the worker knows; one that had ended before it was asked is no news. */
  #statusUntil = Infinity;
  /** Questions under way, which all callers share: the tokens that were refused, "get" and "reread". */
  readonly #asked = new Map<string, Promise<TokenSet | undefined>>();
  #isClosed = false;

  constructor(registration: ServiceWorkerRegistration, key: string) {
    this.#registration = registration;
    this.#key = key;
    this.#changes.watchAll((entry, _version, mark) => {
      if (mark !== undefined && this.#marks.get(entry) === mark) return;
      if (mark !== undefined) this.#marks.set(entry, mark);
      this.#drop();
      this.reread().catch(() => {});
    });
  }

  peek(): TokenSet | undefined {
    const isTrusted = this.#held !== undefined && Date.now() < this.#trustedUntil && !this.#asked.has(this.#held.accessToken);
    return isTrusted ? this.#held : undefined;
  }

  async get(how?: Parameters<TokenCache["get"]>[0]): Promise<TokenSet> {
    const minValidity = (how !== undefined && hasOwn(how, "minValidity") ? how.minValidity : undefined) ?? 0;
    const held = this.peek();
    if (held !== undefined && (held.expiresAt ?? Infinity) >= Date.now() + minValidity * 1000) return held;
    const question = minValidity === 0 ? "get" : `get ${minValidity}`;
    return this.#share(question, { name: "get", minValidity }, signalOf(how)) as Promise<TokenSet>;
  }

  async renew(refused: TokenSet, how?: Parameters<TokenCache["renew"]>[1]): Promise<TokenSet> {
    const held = this.peek();
    if (held !== undefined && held.accessToken !== refused.accessToken) return held;
    return this.#share(refused.accessToken, { name: "renew", refused: fieldsOf(refused) }, signalOf(how)) as Promise<TokenSet>;
  }

  reportReplay(renewed: TokenSet, accepted: boolean): void {
    this.#ask({ name: "report", renewed: fieldsOf(renewed), accepted }).catch(() => {});
  }

  async save(tokens: TokenSet | InitialTokens): Promise<TokenSet> {
    return this.#logIn({ name: "save", tokens: plain(tokens) });
  }

  async seed(tokens: TokenSet | InitialTokens): Promise<boolean> {
    const isTaken = (await this.#ask({ name: "seed", tokens: plain(tokens) })) === true;
    if (isTaken) this.#drop();
    return isTaken;
  }

  async forget(how?: Parameters<TokenCache["forget"]>[0]): Promise<void> {
    const revoke = how !== undefined && hasOwn(how, "revoke") && how.revoke === true;
    this.#drop();
    try {
      await this.#ask({ name: "forget", revoke });
    } finally {
      this.#drop();
    }
  }

  async reread(): Promise<TokenSet | undefined> {
    await this.#share("reread", { name: "reread" });
    return this.peek();
  }

  status(): LoginStatus {
    return this.#isClosed || Date.now() >= this.#statusUntil ? unknown : this.#status;
  }

  /** As of a client of @tokenflight/oauth: the worker's own is asked. */
  async authorizationUrl(request: object): Promise<{ url: string; pending: { readonly state: string } }> {
    return (await this.#ask({ name: "authorizationUrl", request })) as Awaited<ReturnType<WorkerTokens["authorizationUrl"]>>;
  }

  /** The same; the tokens are saved, too. */
  async exchangeCallback(url: string, pending: object): Promise<TokenSet> {
    return this.#logIn({ name: "exchangeCallback", url, pending });
  }

  close(): void {
    this.#isClosed = true;
    this.#changes.stop();
    this.#drop();
  }

  /** Whatever this page knows, may be over. */
  #drop(): void {
    this.#heard += 1;
    this.#held = undefined;
    this.#status = unknown;
  }

  async #logIn(call: Call): Promise<TokenSet> {
    const tokenSet = new TokenSet((await this.#ask(call)) as TokenSetFields);
    this.#drop();
    await this.reread().catch(() => {});
    return tokenSet;
  }

  /** Joins the same question, or asks it. What the worker has said before a change counts no more. */
  async #share(question: string, call: Call, signal?: AbortSignal): Promise<TokenSet | undefined> {
    let asked = this.#asked.get(question);
    if (asked === undefined) {
      asked = this.#obtain(call).finally(() => this.#asked.delete(question));
      this.#asked.set(question, asked);
    }
    return waitFor(asked, signal);
  }

  async #obtain(call: Call): Promise<TokenSet | undefined> {
    for (let left = mostChanges; ; left -= 1) {
      const before = this.#heard;
      const fields = (await this.#ask(call)) as TokenSetFields | undefined;
      if (before !== this.#heard && left > 0) continue;
      const tokenSet = fields && new TokenSet(fields);
      if (before !== this.#heard) return tokenSet;
      const now = Date.now();
      this.#held = tokenSet;
      this.#trustedUntil = now + Math.min(longestTrust, ((tokenSet?.expiresAt ?? Infinity) - now) / 2);
      return tokenSet;
    }
  }

  async #ask(call: Call): Promise<unknown> {
    // Whoever has closed all of it is told so by the page's own cache.
    if (this.#isClosed) throw new NoWorkerError("It was left.");
    const before = this.#heard;
    const askedAt = Date.now();
    const answer = await ask(this.#registration, this.#key, call);
    if (!isUnderstood(answer)) throw new NoWorkerError("It is of another version than this page.");
    if (before === this.#heard) {
      this.#status = answer.status ?? unknown;
      const { expiresAt = Infinity } = this.#status;
      this.#statusUntil = expiresAt > askedAt ? expiresAt : Infinity;
    }
    if (isError(answer)) throw heard(answer.error);
    return answer.value;
  }
}

function plain(tokens: TokenSet | InitialTokens): InitialTokens {
  return tokens instanceof TokenSet ? toTokenResponse(tokens) : tokens;
}
