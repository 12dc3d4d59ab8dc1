import type { PendingLogin } from "@tokenflight/oauth";
import { getIronSession, type IronSession } from "iron-session";
import { cookies } from "next/headers";

/** What the cookie holds, encrypted: who the user is, and no token. */
export interface Session {
  pending?: PendingLogin;
  user?: string;
}

export async function getSession(): Promise<IronSession<Session>> {
  const { ORIGIN = "", SESSION_SECRET = "" } = process.env;
  const cookieOptions = { sameSite: "lax", secure: ORIGIN.startsWith("https:") } as const;
  return getIronSession<Session>(await cookies(), { cookieName: "session", password: SESSION_SECRET, cookieOptions });
}
