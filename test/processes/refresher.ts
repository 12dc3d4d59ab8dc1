/** A process of a program that refreshes its tokens itself, with `refreshOnce` beneath it. */
import { refreshOnce } from "@tokenflight/refresh-once";
import { CrashPoints } from "./crash-points.ts";
import type { MemberSetting } from "./member-setting.ts";
import { openStore } from "./open-store.ts";
import type { RefresherAnswer, RefresherCommands } from "./refresher-commands.ts";
import { readSetting, serveCommands } from "./serve-commands.ts";
import { subjectHeader } from "./subject-fetch.ts";

const { store, tokenEndpoint, clientId, clientSecret, timeouts } = readSetting<MemberSetting>();
const points = new CrashPoints({ isSealed: true });
const once = refreshOnce({ store: points.inStore(await openStore(store)), timeouts })(points.inFetch(points.fetch) as typeof fetch);
const authorization = `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`;

async function refresh(key: string, refreshToken: string): Promise<RefresherAnswer> {
  const response = await once(tokenEndpoint, {
    method: "POST",
    headers: { authorization, [subjectHeader]: key },
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken }),
  });
  const { access_token, error } = (await response.json()) as Omit<RefresherAnswer, "status">;
  return { status: response.status, ...(access_token !== undefined && { access_token }), ...(error !== undefined && { error }) };
}

serveCommands({
  refresh: (key, refreshToken, callers) => Promise.all(Array.from({ length: callers }, () => refresh(key, refreshToken))),
  crashAt: (crash) => points.arm(crash),
  crashNow: () => points.crash(),
} satisfies RefresherCommands);
