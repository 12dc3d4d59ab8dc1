import { CookieJar } from "./cookie-jar.ts";

/** Does what a browser does on oidc-provider's page for user codes: sends its form, confirms, and goes where it is sent. */
export async function enterUserCode(page: string, userCode: string): Promise<void> {
  const cookies = new CookieJar();
  const ask = async (url: string, body?: URLSearchParams): Promise<Response> => {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: { cookie: cookies.header },
      ...(body === undefined ? {} : { body }),
    });
    cookies.take(response);
    return response;
  };
  const form = await (await ask(page)).text();
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(form)?.[1];
  if (xsrf === undefined) throw new Error(`The page for user codes has no form: ${form}`);
  let response = await ask(page, new URLSearchParams({ xsrf, user_code: userCode, confirm: "yes" }));
  for (let steps = 0; steps < 10; steps += 1) {
    const location = response.headers.get("location");
    const text = await response.text();
    if (location === null) {
      if (response.status !== 200) throw new Error(`The user code was refused with status ${response.status}: ${text}`);
      return;
    }
    response = await ask(new URL(location, page).href);
  }
  throw new Error("The page for user codes went on for more than ten redirects.");
}
