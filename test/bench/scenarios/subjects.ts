import { randomBytes } from "node:crypto";
import type { HeldToken } from "../contenders/held-token.ts";
import type { SubjectContender } from "../contenders/subjects/subject-contender.ts";
import { collectGarbage } from "../measure/collect-garbage.ts";
import { interleave } from "../measure/interleave.ts";
import type { Sample, Values } from "../measure/sample.ts";
import { spent } from "../measure/spent.ts";
import type { Effort, Part, Scenario } from "./scenario.ts";

/** Characters of an access token; a refresh token has 43, which is 256 bits. */
const kinds = { "a JWT of 800 characters": 800, "opaque, of 43 characters": 43 };

export const subjects: Scenario = {
  name: "subjects",
  title: "100,000 subjects",
  about:
    "The tokens of 100,000 subjects, each with an access token, a refresh token of 43 characters and an end, held under a key. Bytes are what the garbage collector finds after " +
    "filling less what it found before, tokens and keys included. A hit reads the token of one subject, in random order. Memory is compared for two kinds of access " +
    "tokens, because a long one hides what is around it.",
  rounds: 5,
  processes: 1,
  columns: [
    { title: "bytes each", measure: "bytes", show: "value", digits: 0 },
    { title: "bytes × Map", measure: "bytes", show: "ratio", digits: 2 },
    { title: "fill, µs each", measure: "fill", show: "value", digits: 1 },
    { title: "hit, ns", measure: "hit", show: "value", digits: 0 },
    { title: "hit × Map", measure: "hit", show: "ratio", digits: 2 },
  ],
  targets: [
    {
      what: "bytes of an idle subject × a plain Map",
      // Where all are at hand, none is idle.
      applies: (_table, _group, contender) => !contender.includes("all caches"),
      measure: "bytes",
      compare: "ratio",
      decides: "median",
      most: 1.6,
      reason:
        "an idle one takes 420 bytes: its record as text (256), under a hash of 64 characters (80), and its place in the store; and 10,000 of the 100,000 are caches at hand, " +
        "which hold 0.8 kB each besides, 80 bytes for every subject. A longer access token hides both",
    },
  ],
  packages: ["@badgateway/oauth2-client", "simple-oauth2", "google-auth-library"],
  parts: () =>
    Object.entries(kinds).map(([kind, length]): Part => ({
      table: `Access token: ${kind}`,
      group: "",
      run: (effort) => run(length, effort),
    })),
};

async function contenders(): Promise<SubjectContender[]> {
  const ours = await import("../contenders/subjects/subjects-tokenflight.ts");
  return [
    (await import("../contenders/subjects/plain-map.ts")).plainMap,
    ours.subjectsTokenflight,
    ours.subjectsTokenflightAll,
    (await import("../contenders/subjects/subjects-simple-oauth2.ts")).subjectsSimpleOauth2,
    (await import("../contenders/subjects/subjects-badgateway.ts")).subjectsBadgateway,
    (await import("../contenders/subjects/subjects-google-auth.ts")).subjectsGoogleAuth,
  ];
}

async function run(length: number, { rounds, quick }: Effort): Promise<Sample[]> {
  const all = await contenders();
  for (const contender of all) await holdOnce(contender, 2000, length);
  return interleave(all, rounds, (contender) => holdOnce(contender, quick ? 10_000 : 100_000, length));
}

/** Bytes of each subject, microseconds of processor time to fill in each, nanoseconds for one hit. */
async function holdOnce(contender: SubjectContender, count: number, length: number): Promise<Values> {
  const expiresAt = Date.now() + 3_600_000;
  const tokenOf = (): HeldToken => ({
    accessToken: text(length),
    refreshToken: text(43),
    issuedAt: expiresAt - 3_600_000,
    expiresAt,
  });
  const before = await bytesInUse();
  const cpuBefore = process.cpuUsage();
  const held = await contender.hold(count, keyOf, tokenOf);
  const { user, system } = process.cpuUsage(cpuBefore);
  const bytes = ((await bytesInUse()) - before) / count;

  const keys = Array.from({ length: count }, () => keyOf(Math.floor(Math.random() * count)));
  let found = 0;
  const { cpu } = await spent(async () => {
    found = await held.readAll(keys);
  });
  if (found !== count) throw new Error(`${contender.name} found ${found} of ${count} tokens.`);
  return { bytes, fill: (user + system) / count, hit: (cpu * 1000) / count };
}

function keyOf(index: number): string {
  return `https://tenant-${index}.example.com`;
}

/** Random, so that no two tokens share their memory. */
function text(length: number): string {
  return randomBytes(Math.floor((length * 3) / 4)).toString("base64url");
}

async function bytesInUse(): Promise<number> {
  await collectGarbage();
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
