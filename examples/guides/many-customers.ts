import { createTokenPool } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { createOAuthClient } from "@tokenflight/oauth";
import { installationFrom, type Installation } from "@tokenflight/oauth/talkdesk";

/** One installation for each customer account. Keep the events: they are what an installation is made of after a restart. */
const installations = new Map<string, Installation>();

const pool = createTokenPool({
  source: (id) => createOAuthClient(installationOf(id).oauth).clientCredentials(),
  freshness: { defaultLifetime: 600 },
});

/** For the webhook, after it has checked the event's signature. */
export async function take(event: { type: string; data: { installation_id: string } }): Promise<void> {
  const id = event.data.installation_id;
  // Webhooks are delivered again now and then: credentials that were rotated since must stay.
  if (event.type === "app.installed" && !installations.has(id)) installations.set(id, installationFrom(event));
  if (event.type === "app.credentials_rotated" && installationOf(id).rotate(event)) await installationOf(id).acknowledge(sendFor(id));
}

/** A fetch that acts for one customer. */
export function sendFor(id: string): (url: string, init?: RequestInit) => Promise<Response> {
  return bearer(pool.for(id), installationOf(id).adapter)(fetch);
}

function installationOf(id: string): Installation {
  const installation = installations.get(id);
  if (installation === undefined) throw new Error(`There is no installation ${id}.`);
  return installation;
}
