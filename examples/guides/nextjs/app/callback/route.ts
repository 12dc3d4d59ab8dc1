import { LoginError } from "@tokenflight/oauth";
import { redirect } from "next/navigation";
import { getSession } from "../../lib/session";
import { auth } from "../../lib/tokens";

export async function GET(request: Request): Promise<Response> {
  const session = await getSession();
  const { pending } = session;
  delete session.pending;
  if (pending === undefined) return new Response("No login has been begun in this browser.\n", { status: 400 });
  try {
    const tokenSet = await auth().client.exchangeCallback(request.url, pending);
    // The id token was checked by `exchangeCallback`. Its `sub` is the user.
    const { sub } = JSON.parse(Buffer.from(tokenSet.idToken?.split(".")[1] ?? "", "base64url").toString()) as { sub: string };
    await auth().users.for(sub).save(tokenSet);
    session.user = sub;
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    return new Response("That did not work. Log in again.\n", { status: 400 });
  }
  await session.save();
  redirect("/orders");
}
