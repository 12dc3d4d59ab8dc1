import { expect, it } from "vitest";
import * as core from "../src/index.ts";

it("exports what adapters, sources and stores need, and nothing by accident", () => {
  expect(Object.keys(core).toSorted()).toMatchInlineSnapshot(`
    [
      "Attachment",
      "InvalidOptionError",
      "InvalidTokenResponseError",
      "LoginRequiredError",
      "StoreError",
      "TokenRequestError",
      "TokenSet",
      "TokenflightError",
      "bareTokenScheme",
      "canReadAgain",
      "carry",
      "createOriginCheck",
      "createTokenCache",
      "createTokenEndpointQueue",
      "isAboutTheToken",
      "isAnsweredInPlace",
      "kindOf",
      "memoryStore",
      "readChallenges",
      "readOptions",
      "readTokenResponse",
      "requireFunction",
      "requireOneOf",
      "requireSeconds",
      "requireText",
      "systemClock",
      "toTokenResponse",
      "tokenTypeScheme",
      "waitFor",
    ]
  `);
});
