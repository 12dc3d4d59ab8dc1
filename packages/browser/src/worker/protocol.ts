import {
  hasOwn,
  LoginRequiredError,
  StoreError,
  TokenflightError,
  TokenRequestError,
  type InitialTokens,
  type LoginStatus,
  type TokenSet,
  type TokenSetFields,
} from "@tokenflight/core";

/** Goes up when pages and workers of two versions would not understand each other. */
export const protocol = 1;

/** What a page asks of the worker. */
export type Call =
  | { readonly name: "get"; readonly minValidity?: number | undefined }
  | { readonly name: "renew"; readonly refused: TokenSetFields }
  | { readonly name: "report"; readonly renewed: TokenSetFields; readonly accepted: boolean }
  | { readonly name: "save" | "seed"; readonly tokens: InitialTokens }
  | { readonly name: "forget"; readonly revoke: boolean }
  | { readonly name: "reread" }
  | { readonly name: "authorizationUrl"; readonly request: object }
  | { readonly name: "exchangeCallback"; readonly url: string; readonly pending: object };

export interface Question {
  readonly tokenflight: number;
  readonly key: string;
  readonly call: Call;
}

export type Answer =
  | { readonly value: unknown; readonly status: LoginStatus }
  | { readonly error: ToldError; readonly status?: LoginStatus | undefined }
  /** The worker is of another version. Whatever else a page does not understand means the same. */
  | { readonly protocol: number };

type Understood = Exclude<Answer, { readonly protocol: number }>;

/** What can be told of an error: never a token. */
export interface ToldError {
  readonly code: string;
  readonly message: string;
  readonly outcome?: TokenRequestError["outcome"] | undefined;
  readonly status?: number | undefined;
  readonly error?: string | undefined;
  readonly errorDescription?: string | undefined;
  readonly retryAfter?: number | undefined;
}

export function isQuestion(data: unknown): data is Question {
  const question = data as Partial<Question> | null;
  return typeof question === "object" && question !== null && typeof question.tokenflight === "number" && typeof question.call === "object";
}

/** Whether a page understands it: an application's own listener may have been faster, or the worker is of another version. */
export function isUnderstood(answer: unknown): answer is Understood {
  return typeof answer === "object" && answer !== null && (hasOwn(answer, "value") || hasOwn(answer, "error"));
}

export function isError(answer: Understood): answer is Extract<Understood, { readonly error: ToldError }> {
  return hasOwn(answer, "error");
}

/** A token set as it goes from one side to the other: without its refresh token, which does not enter a page. */
export function fieldsOf({ accessToken, tokenType, issuedAt, expiresAt, scope, idToken, extra }: TokenSet): TokenSetFields {
  return { accessToken, tokenType, issuedAt, expiresAt, scope, idToken, extra: { ...extra } };
}

export function tell(error: unknown): ToldError {
  if (!TokenflightError.is(error)) return { code: "ERR_TOKEN_REQUEST_UNKNOWN", message: "The service worker failed.", outcome: "unknown" };
  const { code, message, outcome, status, error: answer, errorDescription, retryAfter } = error as TokenRequestError;
  return { code, message, outcome, status, error: answer, errorDescription, retryAfter };
}

export function heard({ code, message, outcome, ...details }: ToldError): TokenflightError {
  if (code === "ERR_LOGIN_REQUIRED") return new LoginRequiredError(message, details);
  if (outcome !== undefined) return new TokenRequestError(outcome, message, details);
  if (code === "ERR_STORE_UNAVAILABLE" || code === "ERR_STORE_RECORD_INVALID") return new StoreError(code, message);
  return new TokenflightError(code as TokenflightError["code"], message);
}
