/** In bytes: of one response that are read while nobody has decided about it. Of one that is thrown away as many are read, too. */
const atOnce = 262_144;
/** In bytes: of one response, where the decision takes long. */
const mostOfOne = 8_388_608;
/** In bytes: of all responses in this process about which nobody has decided. */
const mostOfAll = 67_108_864;
/** In bytes: about what a piece takes in memory besides its own. */
const perPiece = 200;
/** In milliseconds: for so long a connection waits with the rest of a body before that is read, too. */
const patience = 250;
/** In milliseconds: for so long a connection waits with a body for which there is no memory left. */
const longestWait = 3000;

/** How many bytes are held, in all. */
let held = 0;
/** What a connection has waited for in vain, while something is held. The others need not wait for the same. */
let inVain: "nothing" | "a decision" | "memory" = "nothing";

/** The connection that a held response comes on. */
export interface HeldFlow {
  pause(): void;
  resume(): void;
  /** The response has been held for as long as it can be. */
  giveUp(): void;
}

/**
 * The body of a response about which nobody has decided yet. It flows into memory and leaves its connection free, because the decision may depend on that: on a
 * token request over the same few connections. Beyond a limit the connection waits for the decision, and not for ever.
 */
export class HeldResponse {
  /** What comes after the body: its end, or an error. */
  end: (() => void) | undefined;
  readonly #flow: HeldFlow;
  readonly #pieces: (Buffer | undefined)[] = [];
  #taken = 0;
  #size = perPiece;
  #isCounted = true;
  #isPaused = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(flow: HeldFlow) {
    this.#flow = flow;
    held += perPiece;
  }

  get hasPieces(): boolean {
    return this.#taken < this.#pieces.length;
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece);
    if (!this.#isCounted) return;
    this.#size += piece.length + perPiece;
    held += piece.length + perPiece;
    if (!this.#isPaused && (this.#isTooLong || this.#isFull)) this.#pause();
  }

  take(): Buffer | undefined {
    const piece = this.#pieces[this.#taken];
    this.#pieces[this.#taken] = undefined;
    this.#taken += 1;
    return piece;
  }

  /** The decision is there. What is held from now on is held for the handler. */
  decided(): void {
    clearTimeout(this.#timer);
    if (!this.#isCounted) return;
    this.#isCounted = false;
    held -= this.#size;
    if (held === 0) inVain = "nothing";
  }

  get #isTooLong(): boolean {
    return this.#size > (inVain === "nothing" ? atOnce : mostOfOne);
  }

  get #isFull(): boolean {
    return this.#size > mostOfOne || held > mostOfAll;
  }

  #pause(): void {
    this.#isPaused = true;
    this.#flow.pause();
    if (!this.#isFull) this.#timer = setTimeout(() => this.#goOn(), patience);
    else if (inVain === "memory") this.#flow.giveUp();
    else this.#timer = setTimeout(() => this.#goOn(), longestWait);
  }

  #goOn(): void {
    if (this.#isFull) {
      inVain = "memory";
      return this.#flow.giveUp();
    }
    if (inVain === "nothing") inVain = "a decision";
    this.#isPaused = false;
    this.#flow.resume();
  }
}
