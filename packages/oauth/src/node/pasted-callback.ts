import { readCallbackUrl, stateOf } from "../login/callback.ts";
import { waitingClock } from "../endpoint/waiting.ts";
import type { TakeCallback } from "./loopback-server.ts";

/** What whoever asks the user for a callback needs to know. */
export interface PastePrompt {
  /** The login page, for the browser of another machine. */
  readonly url: string;
  /** Where the browser ends up, on a page that cannot be loaded there. Its whole address is to be pasted. */
  readonly redirectUri: string;
  /** Why the text that was pasted before will not do, in a sentence; undefined at first. */
  readonly problem: string | undefined;
  /** Aborts when the login has ended, in the browser of this machine for example: then nobody has to paste anything. */
  readonly signal: AbortSignal;
}

/** Gives what the user pasted. */
export type Paste = (prompt: PastePrompt) => string | Promise<string>;

/** Milliseconds between a wrong text and the next question, so that one that is answered at once, without a user, does not keep the process busy. */
const pause = 50;

/** Asks for the callback until it is there, or until the signal aborts. Rejects with what `paste` throws. */
export async function readPastedCallback(paste: Paste, prompt: Omit<PastePrompt, "problem">, take: TakeCallback): Promise<void> {
  const { redirectUri, signal } = prompt;
  for (let problem: string | undefined; !signal.aborted;) {
    const callback = callbackIn(await paste({ ...prompt, problem }));
    if (signal.aborted) return;
    if (callback === undefined) {
      problem = `It is not the address of a page that a login ended on: that begins with ${redirectUri} and has a code and a state.`;
    } else {
      if ((await take(callback)) !== undefined) return;
      problem = "It is the answer to another login.";
    }
    await new Promise<void>((resolve) => void waitingClock.schedule(resolve, pause));
  }
}

/** A whole address, or what is left of it from the path or the query on. What a terminal has broken into lines is put together. */
function callbackIn(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const pasted = text.trim().replaceAll(/\s|^['"<]+|['">]+$/g, "");
  try {
    const callback = /^\??[\w.~%+-]+=/.test(pasted) ? `/?${pasted.replace(/^\?/, "")}` : pasted;
    const parameters = readCallbackUrl("paste", callback);
    const isAnswer = stateOf(parameters) !== undefined && (parameters.has("code") || parameters.has("error"));
    return isAnswer ? callback : undefined;
  } catch {
    return undefined;
  }
}
