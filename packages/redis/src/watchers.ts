import { ChangeListeners, type ChangeListener, type Version } from "@tokenflight/core";
import { randomUUID } from "node:crypto";
import type { Driver, Subscriber } from "./driver.ts";
import { readMessage } from "./messages.ts";
import { OwnWrites } from "./own-writes.ts";

/** Milliseconds between two looks whether messages come. While they do not, whoever listens is told each time that anything may have changed. */
const deafDelay = 30_000;

/**
 * Calls back who listens. There is one subscription for all entries, on a connection of its own that is opened when somebody listens and the caller's
 * client is in use, and kept until `close`. Nothing here ever fails: a hint that does not come is not needed.
 */
export class Watchers {
  readonly #driver: Driver;
  readonly #channel: string;
  readonly #listeners = new ChangeListeners();
  readonly #own = new OwnWrites();
  readonly #publish: (text: string) => Promise<unknown>;
  #subscriber: Subscriber | undefined;
  /** Waiting: the server is away, or forbids it. */
  #state: "idle" | "waiting" | "subscribing" | "subscribed" = "idle";
  /** Counts the subscriptions that began or ended: what became of an older one is of no interest. */
  #turn = 0;
  /** A message of our own that has not come back yet. */
  #probe: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isAttached = false;
  /** The caller's client has connected, perhaps again. */
  readonly #clientIsReady = (): void => this.#retry();
  /** It is gone: a connection of ours would be of no use. */
  readonly #clientHasEnded = (): void => this.#disconnect();

  constructor(driver: Driver, channel: string, publish: (text: string) => Promise<unknown>) {
    this.#driver = driver;
    this.#channel = channel;
    this.#publish = publish;
  }

  watch(key: string, changed: () => void): () => void {
    return this.#add(this.#listeners.watch(key, changed));
  }

  watchAll(changed: ChangeListener): () => void {
    return this.#add(this.#listeners.watchAll(changed));
  }

  /** Subscribes if somebody listens and the client is in use, or will be by whoever waits for one entry. */
  begin(): void {
    if (this.#state !== "idle" || this.#listeners.isEmpty) return;
    if (this.#driver.isOpen() || (this.#listeners.hasKeys && !this.#driver.isClosed())) void this.#subscribe();
  }

  /** This client is about to write. The returned function is told what became of it: written, not, or undefined when nobody knows. */
  writing(key: string, version: Version, mark: string | undefined): (isWritten: boolean | undefined) => void {
    if (this.#listeners.isEmpty) return () => {};
    this.#own.begin(version);
    return (isWritten) => {
      const isHeard = this.#own.end(version, isWritten);
      if (isWritten === true || isHeard) this.#listeners.tell(key, version, mark);
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#stop();
    this.#disconnect();
    this.#driver.off("ready", this.#clientIsReady);
    this.#driver.off("end", this.#clientHasEnded);
  }

  #add(stop: () => void): () => void {
    if (!this.#isAttached) {
      this.#isAttached = true;
      this.#driver.on("ready", this.#clientIsReady);
      this.#driver.on("end", this.#clientHasEnded);
    }
    this.#timer ??= setInterval(() => this.#lookAround(), deafDelay).unref();
    this.begin();
    return () => {
      stop();
      if (this.#listeners.isEmpty) this.#stop();
    };
  }

  /** Nobody listens any more. */
  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#own.clear();
    this.#becomeIdle();
    this.#subscriber?.pause().catch(() => {});
  }

  #retry(): void {
    // The caller's client may have a connection where that of ours was given up.
    if (this.#subscriber?.hasEnded() === true) this.#disconnect();
    if (this.#state === "waiting") this.#state = "idle";
    this.begin();
  }

  async #subscribe(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const subscriber = this.#openSubscriber();
      // Clients lose subscriptions that wait for a connection, some of them without a word. Once there is one, this begins again.
      this.#state = subscriber?.isConnected() === false ? "waiting" : "subscribing";
      if (this.#state === "waiting") return;
      await subscriber?.begin();
      if (turn !== this.#turn) return;
      this.#state = "subscribed";
      this.#sendProbe();
      // There may have been a change after somebody looked and before messages came.
      this.#listeners.tell();
    } catch {
      if (turn === this.#turn) this.#state = "waiting";
    }
  }

  #openSubscriber(): Subscriber | undefined {
    this.#subscriber ??= this.#driver.subscribe(this.#channel, {
      message: (text) => this.#hear(text),
      connected: () => {
        // Whatever was under way on the connection before this one is lost.
        if (this.#state !== "idle") void this.#subscribe();
      },
    });
    return this.#subscriber;
  }

  #hear(text: string): void {
    if (text === this.#probe) this.#probe = undefined;
    const change = readMessage(text);
    if (change === undefined || this.#own.hear(change.version)) return;
    this.#listeners.tell(change.key, change.version, change.mark);
  }

  #lookAround(): void {
    this.#retry();
    const { tellsOfConnections = false } = this.#subscriber ?? {};
    const hears =
      this.#state === "subscribed" && tellsOfConnections && this.#subscriber?.isConnected() === true && this.#probe === undefined;
    if (!hears) this.#listeners.tell();
    this.#sendProbe();
  }

  /** It comes back, unless nobody may publish, the connection is dead and does not know it, or the client has none of its own for messages. */
  #sendProbe(): void {
    if (this.#state !== "subscribed") return;
    this.#probe = `probe ${randomUUID()}`;
    if (!this.#driver.isDisconnected()) this.#publish(this.#probe).catch(() => {});
  }

  #becomeIdle(): void {
    this.#state = "idle";
    this.#turn += 1;
  }

  #disconnect(): void {
    this.#becomeIdle();
    try {
      this.#subscriber?.close();
    } catch {
      // It was closed already, with the client whose duplicate it is.
    }
    this.#subscriber = undefined;
  }
}
