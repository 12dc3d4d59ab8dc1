import { StoreError } from "@tokenflight/core";

/** A client may be set up to answer with buffers. */
export function textOf(answer: unknown): string {
  return typeof answer === "string" ? answer : (answer as Buffer).toString("utf8");
}

/**
 * What a script has answered to this question: the text of its own that it was told.
 *
 * Clients have mixed up answers, as node-redis 5 does when a connection is lost while a command is sent: it takes each answer for the one to the command
 * before, and one user would get another one's token set.
 *
 * @throws StoreError (`ERR_STORE_UNAVAILABLE`).
 */
export function answerTo(question: string, reply: unknown): unknown {
  const [asked, answer] = (Array.isArray(reply) ? reply : []) as unknown[];
  if ((typeof asked === "string" || asked instanceof Uint8Array) && textOf(asked) === question) return answer;
  const told =
    "The Redis store failed: its client took the answer to another command for the one to this. Disconnect the client, and use its newest version.";
  throw new StoreError("ERR_STORE_UNAVAILABLE", told);
}
