import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the profiles of browsers are while they run. What they leave behind is removed when all tests are over: a browser that was ended writes for a while. */
export default function keepProfiles(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-profiles-"));
  process.env["TOKENFLIGHT_PROFILES"] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
}
