import { readFileSync } from "node:fs";
import { InvalidTokenResponseError, LoginRequiredError, systemClock, TokenRequestError, TokenSet } from "@tokenflight/core";
import { expect, it } from "vitest";
import type { SubjectRecord } from "../../packages/core/src/record/record.ts";
import { withFailure, withIntent, withLogin, withoutOwner, withTokenSet } from "../../packages/core/src/record/transitions.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("docs/shared-refresh.md");

/** The cells of a table's rows, by its heading. */
function rowsOf(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

const tokenSet = new TokenSet({ accessToken: "a", refreshToken: "r", tokenType: "Bearer", issuedAt: 0 });
const intent = { owner: "me", deadline: 15_000 };
const pause = { duration: 500, begun: 0, failures: 1, outcome: "unknown" } as const;

/** Records of each state. */
const states: Record<string, SubjectRecord[]> = {
  forgotten: [{ generation: 0 }, { generation: 3 }],
  ready: [{ generation: 3, tokenSet }],
  waiting: [
    { generation: 3, pause },
    { generation: 3, tokenSet, pause },
  ],
  refreshing: [{ generation: 3, tokenSet, intent }],
  retrying: [
    { generation: 3, tokenSet, intent: { ...intent, doubtful: true } },
    { generation: 3, tokenSet, pause, intent: { ...intent, doubtful: true } },
  ],
  unresolved: [
    { generation: 3, tokenSet, intent: { ...intent, unresolved: true } },
    { generation: 3, tokenSet, pause, intent: { ...intent, unresolved: true } },
  ],
  over: [
    { generation: 3, loginRequired: {} },
    { generation: 3, tokenSet, loginRequired: { error: "invalid_grant" } },
  ],
};

/** The state of a record by the page's own table. */
function stateOf(record: SubjectRecord): string[] {
  const intentCell =
    record.intent === undefined
      ? "no"
      : record.intent.unresolved === true
        ? "unresolved"
        : record.intent.doubtful === true
          ? "doubtful"
          : "yes";
  const has = (value: unknown): string => (value === undefined ? "no" : "yes");
  const cells = [has(record.tokenSet), intentCell, has(record.pause), has(record.loginRequired)];
  const matches = rowsOf("States").filter(([, ...wanted]) => wanted.every((cell, index) => cell === "any" || cell === cells[index]));
  return matches.map(([name = ""]) => name);
}

const failed =
  (error: InvalidTokenResponseError | LoginRequiredError | TokenRequestError, spends = true) =>
  (record: SubjectRecord) =>
    withFailure(record, error, spends, systemClock);
const known = (["not-sent", "throttled", "refused"] as const).map((outcome) => failed(new TokenRequestError(outcome, "No.")));
const unknown = new TokenRequestError("unknown", "Who knows.");

/** What each line of the page's table means, in code. */
const changes: Record<string, ((record: SubjectRecord) => SubjectRecord)[]> = {
  "somebody is about to send a token request": [(record) => withIntent(record, intent)],
  "somebody is about to send its refresh token once more": [(record) => withIntent(record, intent)],
  "a token set came": [(record) => withTokenSet(record, tokenSet, systemClock)],
  "a new refresh token came without a usable access token": [
    failed(new InvalidTokenResponseError("Odd.", { refreshToken: "new" })),
    failed(new TokenRequestError("unknown", "Odd.", { refreshToken: "new" })),
  ],
  "the request was not sent, throttled or refused": known,
  "nobody knows what became of the request": [failed(unknown)],
  "nobody knows, and it used nothing up": [failed(unknown, false)],
  "the server says that the session is over": [failed(new LoginRequiredError("Over."))],
  "its owner was silent for the deadline": [(record) => withoutOwner(record, true)],
  "its owner knows that nothing was sent": [(record) => withoutOwner(record, false)],
  "a login (save)": [(record) => withLogin(record, tokenSet, systemClock)],
  "a seed that is not the one of this login (seed)": [(record) => withLogin(record, tokenSet, systemClock, "hash")],
  "a logout (forget)": [(record) => withLogin(record, undefined, systemClock)],
};

it("gives every record one state", () => {
  expect(
    rowsOf("States")
      .map(([name]) => name)
      .toSorted(),
  ).toEqual(Object.keys(states).toSorted());
  for (const [name, records] of Object.entries(states))
    for (const record of records) expect([name, stateOf(record)]).toEqual([name, [name]]);
});

const rows = rowsOf("Changes");

it.each(rows)("from %s, when %s: %s leads to %s", (from = "", event = "", _function = "", to = "") => {
  for (const name of from.split(", ")) {
    for (const record of states[name] ?? []) for (const change of changes[event] ?? []) expect(stateOf(change(record))).toEqual([to]);
  }
  expect(changes[event]?.length).toBeGreaterThan(0);
});

it("has every change from every state in which it can happen, and names every function that makes one", () => {
  expect(new Set(rows.map(([, event]) => event))).toEqual(new Set(Object.keys(changes)));
  const functions = [...read("packages/core/src/record/transitions.ts").matchAll(/^export function (with\w+)/gm)].map(([, name]) => name);
  expect(new Set(rows.map(([, , name]) => name))).toEqual(new Set(functions));
  const pairs = rows.flatMap(([from = "", event]) => from.split(", ").map((name) => `${name}: ${event}`));
  expect(new Set(pairs).size).toBe(pairs.length);
  // Whoever has an intent comes to one of seven ends; whoever has none, and is not told to log in, may write one.
  const logins = Object.keys(changes).filter((event) => event.startsWith("a log"));
  const seeds = Object.keys(changes).filter((event) => event.startsWith("a seed"));
  const owned = Object.keys(changes).filter((event) => !event.startsWith("somebody") && ![...logins, ...seeds].includes(event));
  for (const name of ["refreshing", "retrying"]) for (const event of owned) expect(pairs).toContain(`${name}: ${event}`);
  for (const name of ["forgotten", "ready", "waiting", "unresolved"]) {
    expect(pairs.filter((pair) => pair.startsWith(`${name}: somebody`))).toHaveLength(1);
  }
  // A login and a logout may come at any time, and nothing else leads out of a session that is over, but a seed.
  for (const name of Object.keys(states)) for (const event of logins) expect(pairs).toContain(`${name}: ${event}`);
  expect(pairs.filter((pair) => pair.startsWith("over"))).toEqual([...logins, ...seeds].map((event) => `over: ${event}`));
});

it("names every field of the record", () => {
  const source = read("packages/core/src/record/record.ts");
  const fields = (name: string): string[] => {
    const body = source.match(new RegExp(`interface ${name} \\{([^}]*(?:\\{[^}]*\\}[^}]*)*)\\n\\}`))?.[1] ?? "";
    return [...body.matchAll(/^ {2}readonly (\w+)/gm)].map(([, field = ""]) => field);
  };
  const named = rowsOf("The record").map(([field]) => field);
  // The store holds the token set as a token response.
  const stored = fields("SubjectRecord").map((field) => (field === "tokenSet" ? "tokens" : field));
  expect(named.filter((field) => !field?.includes("."))).toEqual(stored);
  const ofIntent = fields("Intent").filter((field) => !["owner", "deadline"].includes(field));
  const ofPause = fields("Pause").filter((field) => !["duration", "begun", "failures", "outcome"].includes(field));
  const parts = [...ofIntent.map((field) => `intent.${field}`), ...ofPause.map((field) => `pause.${field}`)];
  expect(named.filter((field) => field?.includes("."))).toEqual(parts);
});
