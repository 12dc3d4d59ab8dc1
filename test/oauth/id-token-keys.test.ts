import { expect, it } from "vitest";
import { IdTokenIssuer } from "../servers/id-token.ts";
import { startLoginService } from "./login-service.ts";

it("the server's keys are fetched once for many logins, and again when one is signed with a new key", async () => {
  let asked = 0;
  let rotated: IdTokenIssuer | undefined;
  const { client, begin, spent } = await startLoginService({
    jwks(issuer) {
      asked += 1;
      return (rotated ?? issuer).jwks;
    },
    idToken: (issuer, claims) => (rotated ?? issuer).issue(claims),
  });
  const logIn = async (): Promise<void> => {
    const { pending, callback } = await begin();
    expect((await client.exchangeCallback(callback, pending)).idToken).toMatch(/^ey/);
  };
  for (let turn = 0; turn < 3; turn += 1) await logIn();
  expect(asked).toBe(1);
  rotated = new IdTokenIssuer(new URL((await begin()).url).origin);
  for (let turn = 0; turn < 2; turn += 1) await logIn();
  expect(asked).toBe(2);
  expect(spent).toHaveLength(5);
});
