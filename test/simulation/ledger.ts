import type { SourceContext, TokenResponse, TokenSet } from "@tokenflight/core";
import { newAttempt, type Attempt } from "./attempt.ts";
import { isFaultless, type Configuration } from "./configuration.ts";
import { brokenRules, describeRecord, type StoredRecord } from "./stored-record.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimServer } from "./sim-server.ts";

const epoch = Date.UTC(2026, 0, 1);

/**
 * Knows everything that happens in a simulated world, and what must never happen: at each step the invariants are checked here. The
 * first violation is kept, and ends the simulation.
 */
export class Ledger {
  violation: string | undefined;
  /** Token requests that the sources were asked for. */
  requests = 0;
  /** Sessions that an authorization server ended. */
  sessionsEnded = 0;
  /** Times that an intent was taken over. */
  takeovers = 0;
  readonly #configuration: Configuration;
  readonly #scheduler: Scheduler;
  readonly #server: SimServer;
  /** By the owner that the intent names. */
  readonly #attempts = new Map<string, Attempt>();
  readonly #byRefreshToken = new Map<string, Attempt[]>();
  readonly #open = new Map<SimProcess, Set<Attempt>>();
  /** The attempt of each process and subject that may ask the source. */
  readonly #latest = new Map<string, Attempt>();
  readonly #generations = new Map<string, number>();
  readonly #handed = new Map<string, number>();
  readonly #troubles = new Set<string>();
  #hasLost = false;
  /** The generation that a logout by this process has written, for each process and subject. */
  readonly #logouts = new Map<string, number>();

  constructor(configuration: Configuration, scheduler: Scheduler, server: SimServer) {
    this.#configuration = configuration;
    this.#scheduler = scheduler;
    this.#server = server;
  }

  violate(text: string): void {
    this.#scheduler.note(`VIOLATION: ${text}`);
    this.violation ??= `${text} (at ${this.#scheduler.now.toFixed(1)} ms)`;
  }

  /** The store has carried out a write. */
  wrote(process: SimProcess, subject: string, entry: { record: StoredRecord; writtenAt: number } | undefined, after: StoredRecord): void {
    const before = entry?.record ?? { generation: 0 };
    this.#scheduler.note(`${subject} by ${process.name}: ${describeRecord(before)} -> ${describeRecord(after)}`);
    for (const broken of brokenRules(subject, before, after, this.#server, { counts: this.#configuration.spends && !this.#hasLost }))
      this.violate(broken);
    if (after.tokens === undefined && after.generation > before.generation)
      this.#logouts.set(`${process.name} ${subject}`, after.generation);
    const owner = before.intent?.owner;
    const standing = owner === undefined ? undefined : this.#attempts.get(owner);
    // One refresh may write several intents, each after what the one before had come to was known.
    const isAnother =
      after.intent !== undefined && after.intent.unresolved !== true && (after.intent.owner !== owner || standing?.outcome !== undefined);
    const closes = owner !== undefined && (after.intent?.owner !== owner || after.intent.unresolved === true || isAnother);
    if (closes && standing?.process === process) this.#close(standing);
    if (after.tokens !== undefined && after.generation > before.generation) {
      this.#generations.set(after.tokens.access_token, after.generation);
      for (const attempt of this.#open.get(process) ?? []) if (attempt.obtained === after.tokens.access_token) this.#close(attempt);
    }
    if (isAnother) this.#claim(process, subject, before, entry?.writtenAt ?? 0, after, after.intent as NonNullable<StoredRecord["intent"]>);
  }

  /** A token source was called. */
  asked(process: SimProcess, subject: string, { previous, urgency, reason }: SourceContext): Attempt {
    this.requests += 1;
    const { spends } = this.#configuration;
    const found = this.#latest.get(`${process.name} ${subject}`);
    const isItsOwn = found !== undefined && !found.asked;
    if (!isItsOwn && (spends || !this.#hadTrouble(process, subject)))
      this.violate(`${process.name} sent a token request for ${subject} without an intent of its own`);
    const attempt = isItsOwn
      ? found
      : newAttempt({
          process,
          subject,
          owner: "",
          refreshToken: undefined,
          claimedAt: this.#scheduler.now,
          deadline: Number.POSITIVE_INFINITY,
        });
    attempt.asked = true;
    if (isItsOwn && previous?.refreshToken !== attempt.refreshToken)
      this.violate(`${process.name} sent another refresh token than its intent stands for`);
    const wasUsed = attempt.refreshToken !== undefined && this.#sharing(attempt).some((other) => other !== attempt && other.consumed);
    if (wasUsed && urgency !== "blocking" && this.#configuration.provider === "strict" && !this.#hasLost) {
      this.violate(`${process.name} sent a refresh token that was used up, although nobody waited (${reason})`);
    }
    return attempt;
  }

  /** What a token source said. */
  settled(attempt: Attempt, outcome: NonNullable<Attempt["outcome"]>, response?: TokenResponse): void {
    attempt.outcome ??= outcome;
    if (outcome === "unknown") attempt.excuse ??= "its outcome was unknown";
    attempt.obtained ??= response?.access_token;
  }

  /** The server saw a refresh token after it was over. */
  sessionEnded(attempt: Attempt): void {
    this.sessionsEnded += 1;
    this.#scheduler.note(`the session of ${attempt.subject} was ended`);
    if (this.#hasLost) return;
    const isLate = this.#scheduler.now - attempt.claimedAt >= attempt.deadline;
    const others = this.#sharing(attempt).filter((other) => other !== attempt && other.consumed);
    if (isLate || attempt.excuse !== undefined) return;
    if (this.#configuration.provider === "grace")
      this.violate(`${attempt.process.name} lost the session of ${attempt.subject}, which has a grace time`);
    else if (others.every(({ excuse }) => excuse === undefined))
      this.violate(`${attempt.process.name} lost the session of ${attempt.subject} without any fault`);
  }

  /** A store operation of this process went wrong. */
  troubled(process: SimProcess, subject: string, fault: string): void {
    this.#scheduler.note(`store trouble of ${process.name}: ${fault}`);
    this.#troubles.add(`${process.name} ${subject}`);
    for (const attempt of this.#open.get(process) ?? []) if (attempt.subject === subject) attempt.excuse ??= `store: ${fault}`;
  }

  /** This process has died or is stopped: nobody knows where its token requests are. */
  disturbed(process: SimProcess, how: string): void {
    this.#scheduler.note(`${process.name} ${how}`);
    this.#troubles.add(process.name);
    for (const attempt of this.#open.get(process) ?? []) attempt.excuse ??= `its process ${how}`;
  }

  /** Whether this process has a token request under way. */
  isBusy(process: SimProcess): boolean {
    return (this.#open.get(process)?.size ?? 0) > 0;
  }

  lostEverything(): void {
    this.#scheduler.note("the store lost everything");
    this.#hasLost = true;
    for (const attempt of this.#attempts.values()) attempt.excuse ??= "the store lost everything";
  }

  /** A process was told that its logout is done: no token of before may be handed out there any more. */
  forgotten(process: SimProcess, subject: string): void {
    const place = `${process.name} ${subject}`;
    this.#handed.set(place, Math.max(this.#handed.get(place) ?? 0, this.#logouts.get(place) ?? 0));
  }

  /** Whether some caller may have to be told that only a login helps. */
  get mayRequireLogin(): boolean {
    return this.sessionsEnded > 0 || this.#hasLost || this.#logouts.size > 0;
  }

  /** Whether this many token requests are too many for a time in which nothing went wrong, whatever had gone wrong before. */
  checkTraffic(requests: number, time: number): void {
    const { spends, subjects, lifetime } = this.#configuration;
    if (!spends || !this.#clocksAgree()) return;
    const most = subjects * (3 + time / (lifetime * 500));
    if (requests > most) this.violate(`${requests} token requests were sent after the faults, more than ${most.toFixed(0)}`);
  }

  /** A caller was given this token set. */
  handed(process: SimProcess, subject: string, tokens: TokenSet): void {
    const { accessToken, expiresAt } = tokens;
    const who = `${process.name} handed out ${accessToken} for ${subject}`;
    if (this.#server.subjects.get(accessToken) !== subject) this.violate(`${who}, which is somebody else's`);
    if (expiresAt !== undefined && process.clock.now() >= expiresAt) this.violate(`${who}, which was over`);
    const generation = this.#generations.get(accessToken);
    const place = `${process.name} ${subject}`;
    if (generation === undefined) {
      if (!this.#hadTrouble(process, subject)) this.violate(`${who}, which was not stored`);
      return;
    }
    const before = this.#handed.get(place) ?? 0;
    if (generation < before && !this.#hasLost) this.violate(`${who} after a newer one`);
    this.#handed.set(place, Math.max(before, generation));
  }

  #claim(
    process: SimProcess,
    subject: string,
    before: StoredRecord,
    writtenAt: number,
    after: StoredRecord,
    intent: NonNullable<StoredRecord["intent"]>,
  ): void {
    const { now } = this.#scheduler;
    const refreshToken = after.tokens?.refresh_token;
    // An intent of an older generation is no reason to wait: the store had lost the newer one, or could not be reached.
    const replacesIntent = before.intent !== undefined && before.generation === after.generation;
    const standing = before.intent === undefined ? undefined : this.#attempts.get(before.intent.owner);
    const who = `${process.name} wrote an intent for ${subject}`;
    if (before.loginRequired !== undefined && before.generation === after.generation) this.violate(`${who} although a login is required`);
    if (replacesIntent && before.intent?.unresolved !== true && standing !== undefined) {
      const isItsOwn = standing.process === process && (!standing.asked || standing.outcome !== undefined);
      if (!isItsOwn && now - writtenAt < standing.deadline) this.violate(`${who} over one that lives`);
    }
    if (
      before.pause !== undefined &&
      before.generation === after.generation &&
      this.#clocksAgree() &&
      now < before.pause.begun - epoch + before.pause.duration - 1
    )
      this.violate(`${who} before its pause was over`);
    for (const earlier of refreshToken === undefined ? [] : (this.#byRefreshToken.get(refreshToken) ?? []))
      this.#checkRepetition(who, earlier);
    if (replacesIntent) this.takeovers += 1;
    const attempt = newAttempt({ process, subject, owner: intent.owner, refreshToken, claimedAt: now, deadline: intent.deadline });
    this.#attempts.set(intent.owner, attempt);
    this.#latest.set(`${process.name} ${subject}`, attempt);
    if (refreshToken !== undefined) this.#sharing(attempt).push(attempt);
    const open = this.#open.get(process) ?? new Set();
    this.#open.set(process, open.add(attempt));
  }

  /** Whether a refresh token may be sent again after this attempt. */
  #checkRepetition(who: string, { asked, consumed, closed, outcome, excuse }: Attempt): void {
    if (this.#hasLost || !asked) return;
    if (closed && outcome === "tokens") this.violate(`${who} whose refresh token had brought the tokens that are stored`);
    else if (closed && outcome === "login required" && excuse === undefined)
      this.violate(`${who} after the server had said that a login is required`);
    else if (excuse === undefined && (consumed || !closed)) this.violate(`${who} whose refresh token was sent already`);
  }

  #sharing({ refreshToken = "" }: Attempt): Attempt[] {
    const sharing = this.#byRefreshToken.get(refreshToken) ?? [];
    this.#byRefreshToken.set(refreshToken, sharing);
    return sharing;
  }

  #close(attempt: Attempt): void {
    attempt.closed = true;
    this.#open.get(attempt.process)?.delete(attempt);
  }

  #hadTrouble({ name }: SimProcess, subject: string): boolean {
    return this.#troubles.has(name) || this.#troubles.has(`${name} ${subject}`);
  }

  #clocksAgree(): boolean {
    return this.#configuration.faults.skew === 0 && this.#configuration.faults.jumps === 0;
  }

  /** Whether nothing at all went wrong, so that no caller may fail. */
  get isFaultless(): boolean {
    return isFaultless(this.#configuration);
  }
}
