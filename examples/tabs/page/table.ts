import type { Generation, History } from "./history.ts";
import { hueOf } from "./timeline.ts";

const shown = 8;

/** The newest generations as rows, for people and for tests: one is current, and one token request has brought each. */
export function showGenerations(body: HTMLElement, { generations }: History): void {
  body.replaceChildren(...generations.slice(-shown).toReversed().map(rowOf));
}

function rowOf({ number, by, why, took, requests, takenBy, calls, replays }: Generation): HTMLElement {
  const row = document.createElement("tr");
  const others = [...takenBy].filter((name) => name !== by).length;
  Object.assign(row.dataset, { generation: number, by: by ?? "", requests, others, calls: JSON.stringify(Object.fromEntries(calls)) });
  const cells = [
    `${number}`,
    by ?? "earlier",
    why ?? "",
    took === undefined ? "" : `${took.toFixed(0)} ms`,
    others === 0 ? "" : `${others} ${others === 1 ? "other" : "others"}`,
    [...calls].map(([outcome, count]) => (outcome === "200" ? `${count}` : `${count} × ${outcome}`)).join(", "),
    replays === 0 ? "" : `${replays}`,
  ];
  for (const text of cells) row.insertCell().textContent = text;
  row.cells[0]?.classList.add("swatch", hueOf(number));
  return row;
}
