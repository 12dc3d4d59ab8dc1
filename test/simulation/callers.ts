import { LoginRequiredError, TokenflightError, type TokenCache, type TokenSet } from "@tokenflight/core";
import type { SimProcess } from "./sim-process.ts";
import type { SimServer } from "./sim-server.ts";
import type { World } from "./world.ts";

const kinds = ["get", "get", "get", "peek", "renew", "long get"] as const;
type Kind = (typeof kinds)[number];

/** How long a caller without patience waits at most for its token, with nothing wrong any more; longer than every pause. */
const longestFinalWait = 600_000;

/** Those who ask for tokens. What they are given, and when, is checked. */
export class Callers {
  /** Calls that have not ended, by their process. */
  readonly #pending = new Map<SimProcess, Set<string>>();
  readonly #last = new Map<string, TokenSet>();
  readonly #world: World;
  readonly #server: SimServer;
  #count = 0;
  /** Calls that ended with a token, and with an error. */
  given = 0;
  failed = 0;

  constructor(world: World, server: SimServer) {
    this.#world = world;
    this.#server = server;
  }

  /** One call, of a random kind and patience. */
  call(process: SimProcess, subject: string): void {
    const { random, scheduler, ledger } = this.#world;
    const kind: Kind = random.pick(kinds);
    const tokens = process.caches(subject);
    if (this.#world.configuration.logsOut && !this.#world.faultsAreOver && random.chance(0.05)) return this.#logOut(process, subject);
    if (kind === "peek") {
      const peeked = tokens.peek();
      if (peeked !== undefined) this.#handed(process, subject, peeked);
      return;
    }
    const controller = new AbortController();
    const patience = random.chance(0.5) ? random.pick([10, 300, 3000, 20_000]) : undefined;
    const name = this.#begin(process, `${kind} of ${subject}`);
    const impatience = new Error("The caller has no more patience.");
    if (patience !== undefined) {
      const leave = (): void => {
        controller.abort(impatience);
        scheduler.afterStep(() => {
          if (this.#isPending(process, name)) ledger.violate(`${name} went on after its deadline`);
        });
      };
      scheduler.schedule(patience, "deadline of a caller", leave, process);
    }
    this.#ask(tokens, kind, `${process.name} ${subject}`, controller.signal).then(
      (obtained) => {
        this.#end(process, name);
        this.given += 1;
        this.#handed(process, subject, obtained);
      },
      (error: unknown) => {
        this.#end(process, name);
        this.failed += 1;
        if (error !== impatience || !controller.signal.aborted) this.#refused(process, subject, name, error);
      },
    );
  }

  /** With nothing wrong any more, this process gets a token for the subject, or is told that only a login helps. */
  insist(process: SimProcess, subject: string, until = this.#world.scheduler.now + longestFinalWait): void {
    const { scheduler, ledger } = this.#world;
    const name = this.#begin(process, `last get of ${subject}`);
    process
      .caches(subject)
      .get()
      .then((tokens) => this.#handed(process, subject, tokens))
      .catch((error: unknown) => {
        this.#refused(process, subject, name, error);
        if (error instanceof LoginRequiredError) return;
        if (scheduler.now > until) ledger.violate(`${name} still fails: ${String(error)}`);
        else scheduler.schedule(5000, "asks once more", () => this.insist(process, subject, until), process);
      })
      .finally(() => this.#end(process, name));
  }

  /** After everything: who of the living waits still? */
  checkNobodyWaits(): void {
    for (const [process, names] of this.#pending) {
      for (const name of process.alive ? names : []) this.#world.ledger.violate(`${name} never ended`);
    }
  }

  #ask(tokens: TokenCache, kind: Exclude<Kind, "peek">, place: string, signal: AbortSignal): Promise<TokenSet> {
    const last = this.#last.get(place);
    if (kind === "renew" && last !== undefined) return tokens.renew(last, { signal });
    return tokens.get({ signal, ...(kind === "long get" ? { minValidity: this.#world.configuration.lifetime * 0.9 } : {}) });
  }

  #handed(process: SimProcess, subject: string, tokens: TokenSet): void {
    this.#last.set(`${process.name} ${subject}`, tokens);
    this.#world.scheduler.note(`${process.name} hands out ${tokens.accessToken}`);
    this.#world.ledger.handed(process, subject, tokens);
  }

  #refused(process: SimProcess, subject: string, name: string, error: unknown): void {
    const { ledger, scheduler, configuration, random } = this.#world;
    scheduler.note(`${name} fails: ${String(error)}`);
    if (!(error instanceof TokenflightError)) return ledger.violate(`${name} got an error of no type: ${String(error)}`);
    const isLogin = error instanceof LoginRequiredError;
    if (ledger.isFaultless && !(isLogin && ledger.mayRequireLogin))
      return ledger.violate(`${name} failed although nothing was wrong: ${error.message}`);
    if (!isLogin) return;
    if (!ledger.mayRequireLogin) ledger.violate(`${name} was told that a login is required, and no session has ended`);
    if (configuration.logsIn && random.chance(0.5)) this.#logIn(process, subject);
  }

  #logOut(process: SimProcess, subject: string): void {
    const { scheduler, ledger } = this.#world;
    scheduler.note(`${process.name} logs ${subject} out`);
    process
      .caches(subject)
      .forget()
      .then(() => ledger.forgotten(process, subject))
      .catch((failure: unknown) => scheduler.note(`logout fails: ${String(failure)}`));
    this.#logIn(process, subject);
  }

  #logIn(process: SimProcess, subject: string): void {
    const { random, scheduler } = this.#world;
    const logIn = (): void => {
      process
        .caches(subject)
        .save(this.#server.logIn(subject))
        .catch((failure: unknown) => scheduler.note(`login fails: ${String(failure)}`));
    };
    scheduler.schedule(random.between(0, 3000), "logs in", logIn, process);
  }

  #begin(process: SimProcess, what: string): string {
    this.#count += 1;
    const name = `${process.name}'s ${what} (call ${this.#count})`;
    const pending = this.#pending.get(process) ?? new Set();
    this.#pending.set(process, pending.add(name));
    return name;
  }

  #end(process: SimProcess, name: string): void {
    this.#pending.get(process)?.delete(name);
  }

  #isPending(process: SimProcess, name: string): boolean {
    return this.#pending.get(process)?.has(name) === true;
  }
}
