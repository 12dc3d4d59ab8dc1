import type { SourceContext } from "@tokenflight/core";
import { newAttempt, type Attempt } from "./attempt.ts";
import type { Configuration } from "./configuration.ts";
import type { Owner } from "./event-heap.ts";
import type { SimProcess } from "./sim-process.ts";
import type { StoredRecord } from "./stored-record.ts";
import { taskOf } from "./sim-request.ts";
import type { Troubles } from "./troubles.ts";

/** Milliseconds for which a silent owner is waited for when asking twice does no harm. */
const harmlessWait = 1000;

/** Milliseconds of each stop that a process may take for silence of others: the lateness of a timer that is believed, and a pause between two looks. */
const unnoticedStop = 1300;

/** A write of the store: who wrote, and over what. */
export interface Write {
  readonly process: SimProcess;
  readonly task: Owner;
  readonly subject: string;
  readonly before: StoredRecord;
  readonly after: StoredRecord;
  /** When the entry was written before. */
  readonly writtenAt: number;
}

/** All intents and the token requests that they stand for, and when another one may be written. */
export class Attempts {
  /** Times that an intent was taken over, and those at which its owner's deadline was not waited for. */
  takeovers = 0;
  takeoversAtOnce = 0;
  readonly #configuration: Configuration;
  readonly #troubles: Troubles;
  readonly #violate: (text: string) => void;
  /** By the owner that the intent names. */
  readonly #byOwner = new Map<string, Attempt>();
  readonly #byRefreshToken = new Map<string, Attempt[]>();
  readonly #open = new Map<SimProcess, Set<Attempt>>();
  readonly #retaken = new Set<string>();
  /** The attempt of each task and subject that may ask the source. */
  readonly #latest = new Map<string, Attempt>();

  constructor(configuration: Configuration, troubles: Troubles, violate: (text: string) => void) {
    this.#configuration = configuration;
    this.#troubles = troubles;
    this.#violate = violate;
  }

  /** Those of a process whose end the record does not tell. */
  openOf(process: SimProcess): Iterable<Attempt> {
    return this.#open.get(process) ?? [];
  }

  excuse(process: SimProcess, excuse: string, which: (attempt: Attempt) => boolean = () => true): void {
    for (const attempt of this.openOf(process)) if (which(attempt)) attempt.excuse ??= excuse;
  }

  excuseAll(subject: string, excuse: string): void {
    for (const attempt of this.#byOwner.values()) if (attempt.subject === subject) attempt.excuse ??= excuse;
  }

  wrote(write: Write, now: number): void {
    const { process, before, after } = write;
    const owner = before.intent?.owner;
    const standing = owner === undefined ? undefined : this.#byOwner.get(owner);
    // One refresh may write several intents, each after what the one before had come to was known.
    const isAnother =
      after.intent !== undefined && after.intent.unresolved !== true && (after.intent.owner !== owner || standing?.outcome !== undefined);
    const closes = owner !== undefined && (after.intent?.owner !== owner || after.intent.unresolved === true || isAnother);
    // An owner with a token set writes that. Another cache of its process may have taken the intent over.
    const isItsEnd = after.generation > before.generation || (!hasBrought(standing) && (!isAnother || standing?.outcome !== undefined));
    if (closes && isItsEnd && standing?.process === process) this.#close(standing);
    if (after.tokens !== undefined && after.generation > before.generation)
      for (const attempt of this.openOf(process))
        if (attempt.obtained === after.tokens.access_token || (attempt.kept !== undefined && attempt.kept === after.tokens.refresh_token))
          this.#close(attempt);
    if (isAnother) this.#claim(write, after.intent, standing, now);
  }

  /** A token source was called. */
  asked(process: SimProcess, subject: string, { previous, urgency, reason }: SourceContext, now: number): Attempt {
    const task = taskOf(process);
    const latest = this.#latest.get(`${task.name} ${subject}`);
    const found = latest?.asked === false ? latest : (this.#takenOver(process, subject) ?? latest);
    const isItsOwn = found !== undefined && !found.asked;
    const isAlone = process.closing !== "no" || this.#troubles.had(process, subject);
    if (!isItsOwn && (this.#configuration.spends || !isAlone))
      this.#violate(`${process.name} sent a token request for ${subject} without an intent of its own`);
    const attempt = isItsOwn
      ? found
      : newAttempt({ process, task, subject, owner: "", refreshToken: undefined, claimedAt: now, deadline: Number.POSITIVE_INFINITY });
    attempt.asked = true;
    if (isItsOwn && previous?.refreshToken !== attempt.refreshToken)
      this.#violate(`${process.name} sent another refresh token than its intent stands for`);
    const wasUsed = attempt.refreshToken !== undefined && this.sharing(attempt).some((other) => other !== attempt && other.consumed);
    if (wasUsed && urgency !== "blocking" && this.#configuration.provider === "strict" && !this.#troubles.hasLost(subject)) {
      this.#violate(`${process.name} sent a refresh token that was used up, although nobody waited (${reason})`);
    }
    return attempt;
  }

  /** A seed that was used up stands in the entry again, by the rules for seeds: what it did before excuses what it does now. */
  retake(refreshToken: string): void {
    if (!this.#byRefreshToken.delete(refreshToken)) return;
    this.#retaken.add(refreshToken);
  }

  wasRetaken({ refreshToken = "" }: Attempt): boolean {
    return this.#retaken.has(refreshToken);
  }

  /** One that another cache of the same process has taken over, because the store had said that its process has ended. */
  #takenOver(process: SimProcess, subject: string): Attempt | undefined {
    return [...this.openOf(process)].find((attempt) => attempt.subject === subject && attempt.saidToBeGone && !attempt.asked);
  }

  /** All attempts with the same refresh token. */
  sharing({ refreshToken = "" }: Attempt): Attempt[] {
    const sharing = this.#byRefreshToken.get(refreshToken) ?? [];
    this.#byRefreshToken.set(refreshToken, sharing);
    return sharing;
  }

  #claim(
    { process, task, subject, before, after, writtenAt }: Write,
    { owner, deadline }: NonNullable<StoredRecord["intent"]>,
    standing: Attempt | undefined,
    now: number,
  ): void {
    const refreshToken = after.tokens?.refresh_token;
    // An intent of an older generation is no reason to wait: the store had lost the newer one, or could not be reached.
    const replacesIntent = before.intent !== undefined && before.generation === after.generation;
    const who = `${process.name} wrote an intent for ${subject}`;
    if (before.loginRequired !== undefined && before.generation === after.generation) this.#violate(`${who} although a login is required`);
    if (replacesIntent && before.intent?.unresolved !== true && standing !== undefined) {
      const isItsOwn = standing.process === process && (!standing.asked || standing.outcome !== undefined);
      const isSpending = this.#configuration.spends && refreshToken !== undefined;
      const silence = isSpending ? standing.deadline : Math.min(standing.deadline, harmlessWait);
      // A process knows when it began to write its own intent.
      const seen = standing.process === process ? writtenAt - 1000 * this.#configuration.timeouts.store : writtenAt;
      const isEarly = !isItsOwn && now - seen < silence;
      const isKnownToBeGone = this.#troubles.isGone(standing.process, now) || standing.saidToBeGone || isDropped(standing, process);
      if (isEarly && !isKnownToBeGone) this.#violate(`${who} over one that lives`);
      if (isEarly && !isDropped(standing, process)) this.takeoversAtOnce += 1;
      // The owner may have been stopped together with it.
      const watched = now - seen - process.blindSince(seen, unnoticedStop);
      if (!isItsOwn && !isKnownToBeGone && isSpending && watched < silence) this.#violate(`${who} over one that it could not watch`);
    }
    if (before.pause !== undefined && before.generation === after.generation && this.#troubles.isPaused(before.pause, now))
      this.#violate(`${who} before its pause was over`);
    for (const earlier of refreshToken === undefined ? [] : (this.#byRefreshToken.get(refreshToken) ?? []))
      this.#checkRepetition(who, earlier);
    if (replacesIntent) this.takeovers += 1;
    const attempt = newAttempt({ process, task, subject, owner, refreshToken, claimedAt: now, deadline });
    this.#byOwner.set(owner, attempt);
    this.#latest.set(`${task.name} ${subject}`, attempt);
    if (refreshToken !== undefined) this.sharing(attempt).push(attempt);
    const open = this.#open.get(process) ?? new Set();
    this.#open.set(process, open.add(attempt));
  }

  /** Whether a refresh token may be sent again after this attempt. */
  #checkRepetition(who: string, earlier: Attempt): void {
    const { subject, asked, consumed, closed, outcome, excuse } = earlier;
    if (this.#troubles.hasLost(subject) || !asked) return;
    if (closed && hasBrought(earlier)) this.#violate(`${who} whose refresh token had brought the tokens that are stored`);
    else if (closed && outcome === "login required" && excuse === undefined)
      this.#violate(`${who} after the server had said that a login is required`);
    else if (excuse === undefined && (consumed || !closed)) this.#violate(`${who} whose refresh token was sent already`);
  }

  #close(attempt: Attempt): void {
    attempt.closed = true;
    this.#open.get(attempt.process)?.delete(attempt);
  }
}

/** Whether its refresh token was used up for another one. */
function hasBrought(attempt: Attempt | undefined): boolean {
  return attempt?.outcome === "tokens" || attempt?.outcome === "refresh token";
}

/** An isolate knows which of its own refreshes are silent, and may have been dropped. */
function isDropped({ task, process: owner }: Attempt, process: SimProcess): boolean {
  return owner === process && !task.alive;
}
