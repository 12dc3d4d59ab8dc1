import type { ProcessContender } from "./process-contender.ts";

/** The floor first. Loaded when they are wanted. */
export async function processContenders(): Promise<ProcessContender[]> {
  return [
    (await import("./processes-static.ts")).processesStatic,
    (await import("./processes-tokenflight.ts")).processesTokenflight,
    (await import("./processes-apart.ts")).processesApart,
    (await import("./processes-file.ts")).processesFile,
  ];
}
