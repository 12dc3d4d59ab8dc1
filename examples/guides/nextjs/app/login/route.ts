import { redirect } from "next/navigation";
import { getSession } from "../../lib/session";
import { auth } from "../../lib/tokens";

export async function GET(): Promise<Response> {
  const session = await getSession();
  const { url, pending } = await auth().client.authorizationUrl({
    redirectUri: `${process.env.ORIGIN}/callback`,
    scope: "openid offline_access read",
    parameters: { prompt: "consent" },
  });
  session.pending = pending;
  await session.save();
  redirect(url);
}
