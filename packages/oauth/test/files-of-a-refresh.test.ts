import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("one refresh-token request passes at most 10 files, two of which are there because a page starts without the others", () => {
  const program = fileURLToPath(new URL("files-of-a-refresh.ts", import.meta.url));
  const files = JSON.parse(execFileSync(process.execPath, ["--conditions=source", program], { encoding: "utf8" })) as string[];
  expect(files).toContain("grants/refresh-token.ts");
  expect(files).toContain("grants/refresh-tokens.ts");
  expect(files).toContain("client-auth/client-secret.ts");
  expect(files.length, files.join(", ")).toBeLessThanOrEqual(10);
});
