import type { WebCryptoKey } from "@tokenflight/core";
import type { webcrypto } from "node:crypto";
import type * as oauth4webapi from "oauth4webapi";
import { expectTypeOf, it } from "vitest";
import type { AuthorizationServer, ClientAuth, PrivateJwk, SigningKey } from "../src/index.ts";

it("types of our own stand for those of others, which not every program has or can read", () => {
  expectTypeOf<oauth4webapi.ClientAuth>().toExtend<ClientAuth>();
  expectTypeOf<ClientAuth>().toExtend<oauth4webapi.ClientAuth>();
  expectTypeOf<AuthorizationServer>().toExtend<oauth4webapi.AuthorizationServer>();
  expectTypeOf<oauth4webapi.AuthorizationServer>().toExtend<AuthorizationServer>();
  expectTypeOf<CryptoKey>().toExtend<WebCryptoKey>();
  expectTypeOf<webcrypto.CryptoKey>().toExtend<WebCryptoKey>();
  expectTypeOf<JsonWebKey>().toExtend<PrivateJwk>();
  expectTypeOf<webcrypto.JsonWebKey>().toExtend<SigningKey>();
  expectTypeOf<{ kty: "EC"; crv: "P-256"; d: string; x: string; y: string }>().toExtend<SigningKey>();
});
