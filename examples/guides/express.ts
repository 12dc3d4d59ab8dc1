import { createTokenPool, LoginRequiredError, TokenflightError } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient, idTokenClaims, LoginError, type PendingLogin } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";
import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import session from "express-session";

declare module "express-session" {
  interface SessionData {
    pending: PendingLogin;
    user: string;
  }
}

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", SESSION_SECRET = "", TOKENS = "tokens.db" } = process.env;
const { PORT = "3000", ORIGIN = `http://127.0.0.1:${PORT}` } = process.env;

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
const store = sqliteStore({ path: TOKENS });
const users = createTokenPool({ source: () => client.refreshToken(), store });

/** A fetch that acts for one user. */
const fetchFor = (user: string) => bearer(users.for(user), { origins: API_ORIGIN })(fetch);

const app = express();
const cookie = { httpOnly: true, sameSite: "lax", secure: ORIGIN.startsWith("https:") } as const;
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false, cookie }));

app.get("/login", async (request, response) => {
  const { url, pending } = await client.authorizationUrl({
    redirectUri: `${ORIGIN}/callback`,
    scope: "openid offline_access read",
    parameters: { prompt: "consent" },
  });
  request.session.pending = pending;
  response.redirect(url);
});

app.get("/callback", async (request, response) => {
  const { pending } = request.session;
  delete request.session.pending; // it serves once
  if (pending === undefined) throw new LoginError("callback", "No login has been begun in this session.");
  const tokenSet = await client.exchangeCallback(request.originalUrl, pending);
  // `exchangeCallback` has checked the id token. Its `sub` is the user.
  const sub = idTokenClaims(tokenSet)?.sub;
  if (sub === undefined) throw new LoginError("id-token", "The login has no id token.");
  await users.for(sub).save(tokenSet);
  // A new session, so that one that was planted before the login is worth nothing.
  await new Promise<void>((resolve, reject) => request.session.regenerate((error) => (error ? reject(error) : resolve())));
  request.session.user = sub;
  response.redirect("/orders");
});

const requireUser: RequestHandler = (request, response, next) => {
  if (request.session.user === undefined) response.redirect("/login");
  else next();
};

app.get("/orders", requireUser, async ({ session: { user = "" } }, response) => {
  const answer = await fetchFor(user)(`${API_ORIGIN}/orders`);
  if (answer.status === 401) throw new LoginRequiredError("The login is over.");
  response.type("text").send(`The API answered ${answer.status} for ${user}.\n`);
});

app.post("/logout", requireUser, async ({ session }, response) => {
  const { user = "" } = session;
  // The session ends first: it does so even where the server cannot be reached.
  await new Promise<void>((resolve, reject) => session.destroy((error) => (error ? reject(error) : resolve())));
  await users
    .for(user)
    .forget({ revoke: true })
    .catch((error: unknown) => console.error(error));
  response.type("text").send("Logged out.\n");
});

const onError: ErrorRequestHandler = (error, _request, response, next) => {
  if (error instanceof LoginRequiredError) return response.redirect("/login");
  if (error instanceof LoginError) return response.status(400).type("text").send("That did not work. Log in again.\n");
  if (error instanceof TokenflightError) {
    console.error(error); // it holds no secret, and may be about one that is wrong
    return response.status(503).type("text").send(`Later, please (${error.code}).\n`);
  }
  next(error);
};
app.use(onError);

const server = app.listen(Number(PORT), "127.0.0.1", () => console.log(`Open ${ORIGIN}/orders`));

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    server.close(async () => {
      await users.close(); // token requests under way end, and what they brought is stored
      await store.close();
    });
  });
}
