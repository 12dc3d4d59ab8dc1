import { it } from "vitest";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { shareOneLogin } from "./share-one-login.ts";

it("eight processes share one login through SQLite", { timeout: 120_000 }, async (context) => {
  using folder = temporaryFolder();
  await shareOneLogin(context, "SQLite", { kind: "sqlite", path: folder.file("tokens.db") });
});
