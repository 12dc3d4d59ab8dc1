/** One agent session, a process of its own: connects, and then calls tools when it is told to. Tells what it does. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentMessage, AgentOrder, Deed } from "./messages.ts";
import { openSession } from "./sessions.ts";

/** Calls at once, and milliseconds between them. */
const work = { atOnce: 3, pause: 250 };

const tell = (message: AgentMessage): void => void process.send?.(message);
const note = (deed: Deed): void => tell({ type: "moment", moment: { deed, at: Date.now() } });
process.once("disconnect", () => process.exit());

const [order] = (await once(process, "message")) as [AgentOrder];
const session = openSession(order, note);

async function call(): Promise<boolean> {
  try {
    await session.callTool();
    return true;
  } catch (error) {
    note("failed");
    tell({ type: "error", text: (error as Error).constructor.name });
    return false;
  }
}

await once(process, "message");
await session.connect();
tell({ type: "connected" });
await once(process, "message");
const end = performance.now() + order.seconds * 1000;
while (performance.now() < end) {
  const ends = await Promise.all(Array.from({ length: work.atOnce }, call));
  tell({ type: "calls", calls: ends.length });
  if (ends.includes(false)) await session.recover();
  await sleep(work.pause);
}
tell({ type: "done" });
