import { getSession } from "../../lib/session";
import { auth } from "../../lib/tokens";

export async function POST(): Promise<Response> {
  const session = await getSession();
  if (session.user !== undefined) await auth().users.for(session.user).forget({ revoke: true });
  session.destroy();
  return new Response("Logged out.\n");
}
