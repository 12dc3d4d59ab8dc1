import type { HeldToken } from "./held-token.ts";

/** The token request of whoever writes it by hand. Rejects when the answer is not 200. */
export async function requestRefresh(tokenEndpoint: string, refreshToken: string): Promise<HeldToken> {
  const response = await fetch(tokenEndpoint, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("bench:secret")}` },
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken }),
  });
  if (!response.ok) throw new Error(`The token endpoint answered ${response.status}.`);
  const answer = (await response.json()) as { access_token: string; refresh_token: string; expires_in: number };
  const issuedAt = Date.now();
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    issuedAt,
    expiresAt: issuedAt + answer.expires_in * 1000,
  };
}
