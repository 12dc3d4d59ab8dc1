import { getSession } from "../../lib/session";
import { auth } from "../../lib/tokens";

export async function POST(): Promise<Response> {
  const session = await getSession();
  const { user } = session;
  // The session ends first: it does so even where the server cannot be reached.
  session.destroy();
  if (user !== undefined)
    await auth()
      .users.for(user)
      .forget({ revoke: true })
      .catch((error: unknown) => console.error(error));
  return new Response("Logged out.\n");
}
