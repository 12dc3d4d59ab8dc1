import { createTokenPool, LoginRequiredError } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { redisStore } from "@tokenflight/redis";
import { Redis } from "ioredis";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", REDIS_URL = "" } = process.env;

// Outside of the handler: made at a cold start, and kept for all calls of this instance.
const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
const redis = new Redis(REDIS_URL);
redis.on("error", (error) => console.error(error.message));
const users = createTokenPool({
  source: () => client.refreshToken(),
  store: redisStore({ client: redis }), // all instances share it
  freshness: { ahead: 0 }, // no refresh begins behind an answer, when the instance is frozen
});

const logInAgain = { statusCode: 401, body: "Log in again." };

export async function handler({ user }: { user: string }): Promise<{ statusCode: number; body: string }> {
  try {
    const { status } = await bearer(users.for(user), { origins: API_ORIGIN })(fetch)(`${API_ORIGIN}/orders`);
    // A login that is over elsewhere: its access token is refused, and no other one is to be had.
    if (status === 401) return logInAgain;
    return { statusCode: 200, body: `The API answered ${status}.` };
  } catch (error) {
    if (error instanceof LoginRequiredError) return logInAgain;
    throw error;
  }
}
