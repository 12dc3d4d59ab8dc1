import { idTokenClaims, LoginError } from "@tokenflight/oauth";
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
    // `exchangeCallback` has checked the id token. Its `sub` is the user.
    const sub = idTokenClaims(tokenSet)?.sub;
    if (sub === undefined) throw new LoginError("id-token", "The login has no id token.");
    await auth().users.for(sub).save(tokenSet);
    session.user = sub;
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    await session.save(); // without `pending`, which serves once
    return new Response("That did not work. Log in again.\n", { status: 400 });
  }
  await session.save();
  redirect("/orders");
}
