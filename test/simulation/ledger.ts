import { LoginRequiredError, TokenRequestError, type SourceContext, type TokenResponse, type TokenSet } from "@tokenflight/core";
import type { Attempt } from "./attempt.ts";
import { Attempts, type Write } from "./attempts.ts";
import { isFaultless, type Configuration } from "./configuration.ts";
import { HandedTokens, type Place } from "./handed-tokens.ts";
import { Logins, type Logout } from "./logins.ts";
import type { SourceName } from "./source-name.ts";
import { Seeds } from "./seeds.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimRequest } from "./sim-request.ts";
import type { Session, SimServer } from "./sim-server.ts";
import { brokenRules, describeRecord, lostTokens, seenFor, tokensOf } from "./stored-record.ts";
import { Troubles } from "./troubles.ts";

/**
 * Knows everything that happens in a simulated world, and what must never happen: at each step the invariants are checked here. The
 * first violation is kept, and ends the simulation.
 */
export class Ledger {
  violation: string | undefined;
  /** Token requests that the sources were asked for. */
  requests = 0;
  /** Every access token that an entry has held: a server gives none twice. */
  readonly #known = new Set<string>();
  /** Sessions that an authorization server ended. */
  sessionsEnded = 0;
  /** Requests that isolates have dropped, with whatever they had begun. */
  requestsDropped = 0;
  readonly attempts: Attempts;
  readonly logins: Logins;
  readonly seeds: Seeds;
  /** New refresh tokens that came without a usable access token. */
  refreshTokensKept = 0;
  readonly #configuration: Configuration;
  readonly #scheduler: Scheduler;
  readonly #server: SimServer;
  readonly #troubles: Troubles;
  /** When each access token came from a source. */
  readonly #obtained = new Map<string, number>();
  readonly #refused = new Set<string>();
  /** Whose intent stands in the entry of each subject, as far as nobody knows its end. */
  readonly #owners = new Map<string, string | undefined>();
  readonly #handed: HandedTokens;
  /** The generation that a logout by this process has written, for each process and subject. */
  readonly #logouts = new Map<string, number>();

  constructor(configuration: Configuration, scheduler: Scheduler, server: SimServer) {
    this.#configuration = configuration;
    this.#scheduler = scheduler;
    this.#server = server;
    this.#troubles = new Troubles(configuration);
    this.attempts = new Attempts(configuration, this.#troubles, (text) => this.violate(text));
    this.logins = new Logins(server);
    this.seeds = new Seeds(this.#troubles);
    this.#handed = new HandedTokens(server, this.#troubles, this.logins, (text) => this.violate(text));
  }

  violate(text: string): void {
    this.#scheduler.note(`VIOLATION: ${text}`);
    this.violation ??= `${text} (at ${this.#scheduler.now.toFixed(1)} ms)`;
  }

  /** The store has carried out a write. */
  wrote(written: Write, ttl: number | undefined, logout: Logout | undefined): void {
    const { process, subject, after } = written;
    this.#scheduler.note(`${subject} by ${process.name}: ${describeRecord(written.before)} -> ${describeRecord(after)}`);
    const before = seenFor(written.before, after.purpose ?? "");
    const write = { ...written, before };
    const isSeed = this.seeds.isBegin(write);
    const refreshToken = after.tokens?.refresh_token ?? "";
    if (isSeed && this.seeds.wasTaken(refreshToken)) this.attempts.retake(refreshToken);
    for (const broken of this.seeds.wrote(written)) this.violate(broken);
    // A source that goes on without the store writes what it knows when the store is back.
    const isAlone = !this.#configuration.spends && this.#troubles.had(process, subject);
    if (!isAlone && !this.#troubles.hasLost(subject))
      for (const broken of lostTokens(subject, written.before, after, process.clock.now())) this.violate(broken);
    const counts = this.#configuration.spends && !this.#troubles.hasLost(subject);
    const known = this.#known;
    for (const broken of brokenRules(subject, before, after, this.#server, { counts, ttl, known })) this.violate(broken);
    for (const { access_token: token } of tokensOf(after).values()) known.add(token);
    for (const broken of this.logins.wrote(write, logout, isSeed)) this.violate(broken);
    if (after.tokens === undefined && after.generation > before.generation)
      this.#logouts.set(`${process.name} ${subject}`, after.generation);
    if (after.tokens !== undefined && after.generation > before.generation)
      this.#handed.stored(after.tokens.access_token, after.generation, this.#scheduler.now);
    this.#owners.set(subject, after.intent?.unresolved === true ? undefined : after.intent?.owner);
    this.attempts.wrote(write, this.#scheduler.now);
  }

  /** A token source was called. */
  asked(process: SimProcess, { subject, purpose = "" }: SourceName, context: SourceContext): Attempt {
    this.requests += 1;
    const token = context.previous?.accessToken ?? "";
    if (token !== "" && this.#server.purposeOf(token) !== purpose)
      this.violate(`${process.name} asked for a successor of ${token}, which is for another purpose`);
    this.#checkRate(process, subject, context);
    if (process.closing === "done") this.violate(`${process.name} sent a token request for ${subject} after its close`);
    return this.attempts.asked(process, subject, context, this.#scheduler.now);
  }

  /** What was obtained less than a second ago is as good as it gets, unless somebody has refused it. */
  #checkRate(process: SimProcess, subject: string, { previous, reason }: SourceContext): void {
    const obtainedAt = previous === undefined ? undefined : this.#obtained.get(previous.accessToken);
    const isEarly = obtainedAt !== undefined && this.#scheduler.now - obtainedAt < 1000;
    // A caller may want one that is good for nine tenths of its lifetime.
    const { lifetime, longGets } = this.#configuration;
    const isGoodEnough = lifetime > 10 || !longGets;
    if (previous !== undefined && this.#refused.has(previous.accessToken)) return;
    const isDue = obtainedAt === undefined || this.#scheduler.now - obtainedAt > lifetime * 700;
    const isOnlyForTime = reason === "expiring" || (!longGets && reason !== "refused");
    if (!isDue && isOnlyForTime && this.#troubles.clocksAgree && !this.#troubles.had(process, subject))
      this.violate(`${process.name} asked for another token of ${subject} before it was due (${reason})`);
    if (isEarly && isGoodEnough && reason !== "refused" && this.#troubles.clocksAgree && !this.#troubles.had(process, subject))
      this.violate(`${process.name} asked for another token of ${subject} within a second (${reason})`);
  }

  /** What a token source said. */
  settled(attempt: Attempt, outcome: NonNullable<Attempt["outcome"]>, response?: TokenResponse): void {
    attempt.outcome ??= outcome;
    if (outcome === "unknown") attempt.excuse ??= "its outcome was unknown";
    attempt.obtained ??= response?.access_token;
    if (response !== undefined) this.#obtained.set(response.access_token, this.#scheduler.now);
  }

  /** The answer has a new refresh token, and no access token that can be used. */
  kept(attempt: Attempt, refreshToken: string): void {
    attempt.outcome ??= "refresh token";
    attempt.kept = refreshToken;
    this.refreshTokensKept += 1;
  }

  /** The server saw a refresh token after it was over. */
  sessionEnded(attempt: Attempt): void {
    this.sessionsEnded += 1;
    this.#scheduler.note(`the session of ${attempt.subject} was ended`);
    if (this.#troubles.hasLost(attempt.subject) || this.attempts.wasRetaken(attempt)) return;
    const isLate = this.#scheduler.now - attempt.claimedAt >= attempt.deadline;
    const others = this.attempts.sharing(attempt).filter((other) => other !== attempt && other.consumed);
    if (isLate || attempt.excuse !== undefined) return;
    if (this.#configuration.provider === "grace")
      this.violate(`${attempt.process.name} lost the session of ${attempt.subject}, which has a grace time`);
    else if (others.every(({ excuse }) => excuse === undefined))
      this.violate(`${attempt.process.name} lost the session of ${attempt.subject} without any fault`);
  }

  /** A store operation of this process went wrong. */
  troubled(process: SimProcess, subject: string, fault: string): void {
    this.#scheduler.note(`store trouble of ${process.name}: ${fault}`);
    this.#troubles.note(process, subject, this.#scheduler.now);
    this.attempts.excuse(process, `store: ${fault}`, (attempt) => attempt.subject === subject);
  }

  /** This process has died or is stopped: nobody knows where its token requests are. */
  disturbed(process: SimProcess, how: string): void {
    this.#scheduler.note(`${process.name} ${how}`);
    this.#troubles.note(process);
    this.attempts.excuse(process, `its process ${how}`);
  }

  /** The store says of a process that lives that it has ended. */
  saidToBeGone(process: SimProcess): void {
    this.#scheduler.note(`${process.name} is said to have ended`);
    this.attempts.excuse(process, "its process was said to have ended");
    for (const attempt of this.attempts.openOf(process)) attempt.saidToBeGone = true;
  }

  /** An isolate has dropped everything that this request had begun. */
  dropped(request: SimRequest, process: SimProcess): void {
    if (this.#configuration.isolates === "dropped") {
      this.#scheduler.note(`${request.name} is dropped`);
      this.requestsDropped += 1;
      return this.attempts.excuse(process, "its request was dropped", ({ task }) => task === request);
    }
    for (const { task, subject, asked, outcome, excuse } of this.attempts.openOf(process))
      if (task === request && asked && outcome === undefined && excuse === undefined)
        this.violate(`${request.name} ended in the middle of a refresh of ${subject}`);
  }

  /** A process has closed its caches, and may end. */
  closed(process: SimProcess): void {
    this.#scheduler.note(`${process.name} has closed its caches`);
    process.closing = "done";
    for (const { subject, owner, asked, excuse } of this.#configuration.spends ? this.attempts.openOf(process) : [])
      if (asked && excuse === undefined && owner === this.#owners.get(subject))
        this.violate(`The close of ${process.name} came to its end in the middle of a refresh of ${subject}`);
  }

  /** Whether this process has a token request under way. */
  isBusy(process: SimProcess): boolean {
    for (const _ of this.attempts.openOf(process)) return true;
    return false;
  }

  /** The entry of a subject is gone, or something else stands there. */
  lost(subject: string, how: string): void {
    this.#scheduler.note(`the entry of ${subject} ${how}`);
    this.#troubles.lost(subject);
    this.logins.lost(subject);
    this.attempts.excuseAll(subject, `its entry ${how}`);
  }

  /** A process was told of a change by its store, when these logins were over. */
  heard(process: SimProcess, subject: string, replaced: ReturnType<Logins["replaced"]>): void {
    this.logins.heard(process.name, subject, replaced, this.#scheduler.now);
  }

  /** A resource server has refused this token, as a caller says. */
  refused({ accessToken }: TokenSet): void {
    this.#refused.add(accessToken);
  }

  /** A process was told that its logout is done: no token of before may be handed out there any more. */
  forgotten(place: Place): void {
    this.#handed.forgotten(place, this.#logouts.get(`${place.process.name} ${place.subject}`) ?? 0);
  }

  /** Whether a caller there may have to be told that only a login helps. */
  mayRequireLogin({ subject, purpose }: Place): boolean {
    if (this.#server.hasRefused(subject, purpose, "interaction_required")) return true;
    return this.sessionsEnded > 0 || this.#troubles.hasLostSomething || this.#logouts.size > 0;
  }

  /** Whether the server may have said that of this place's purpose. */
  mayBeRefused({ subject, purpose }: Place, error: unknown): boolean {
    const isRefusal = error instanceof TokenRequestError && error.outcome === "refused";
    if (isRefusal && this.#configuration.faults.useless > 0) return true;
    if (!isRefusal && !(error instanceof LoginRequiredError)) return false;
    return this.#server.hasRefused(subject, purpose, isRefusal ? "invalid_scope" : "interaction_required");
  }

  /** A logout is done. Which of the logins that it has found stands there still? */
  checkLogout(subject: string, found: ReadonlySet<Session> | undefined): void {
    const current = this.logins.current(subject);
    if (current === undefined || !found?.has(current) || this.#troubles.hasLost(subject)) return;
    if (!this.logins.cameBack(subject)) this.violate(`A logout of ${subject} has left ${current.name} as it was`);
  }

  /** Whether this many token requests are too many for a time in which nothing went wrong, whatever had gone wrong before. */
  checkTraffic(requests: number, time: number): void {
    const { spends, subjects, lifetime, purposes } = this.#configuration;
    if (!spends || !this.#troubles.clocksAgree) return;
    const most = subjects * purposes * (3 + time / (lifetime * 500));
    if (requests > most) this.violate(`${requests} token requests were sent after the faults, more than ${most.toFixed(0)}`);
  }

  /** A caller who had asked then was given this token set. */
  handed(place: Place, tokens: TokenSet, asked: number): void {
    this.#handed.handed(place, tokens, asked, this.#scheduler.now);
  }

  /** Whether nothing at all went wrong, so that no caller may fail. */
  get isFaultless(): boolean {
    return isFaultless(this.#configuration);
  }
}
