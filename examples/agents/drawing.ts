import type { Deed } from "./messages.ts";
import type { AgentResult } from "./run-agents.ts";

/** What stands for a deed. Where several fall into one column, the first of this list is drawn. */
const signs: readonly (readonly [Deed, string])[] = [
  ["window", "B"],
  ["failed", "x"],
  ["refused", "!"],
  ["refresh", "R"],
  ["taken", "w"],
];

export const legend =
  "R sent the refresh   w waited, and took what another had obtained   ! its refresh token was refused\nx a call failed   B a login page in the browser";

/** Draws a line for each agent, from left to right in time. `seconds`: how long they have worked. */
export function draw(agents: readonly AgentResult[], seconds: number, columns = 72): string {
  const width = (seconds * 1000) / columns;
  const scale = Array.from({ length: columns }, () => " ");
  const step = Math.max(1, Math.ceil(seconds / 12));
  for (let second = 0; second < seconds; second += step) {
    const text = `${second} s`;
    scale.splice(Math.floor((second * 1000) / width), text.length, ...text);
  }
  const lines = agents.map(({ moments }, index) => {
    const line = Array.from({ length: columns }, () => "·");
    for (const [deed, sign] of signs.toReversed()) {
      for (const { at } of moments.filter((moment) => moment.deed === deed && moment.at >= 0)) {
        const column = Math.floor(at / width);
        if (column < columns) line[column] = sign;
      }
    }
    // The login is before the work.
    const before = moments.some(({ deed, at }) => deed === "window" && at < 0) ? "B" : " ";
    return `agent ${String(index + 1).padEnd(2)} ${before}${line.join("")}`;
  });
  return [`          ${scale.slice(0, columns).join("").trimEnd()}`, ...lines].join("\n");
}
