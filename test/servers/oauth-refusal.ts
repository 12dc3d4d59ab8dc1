import { jsonAnswer, type Answer } from "./answer.ts";

/** Thrown where a token server says no; becomes its answer (RFC 6749 section 5.2). */
export class OAuthRefusal extends Error {
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }

  /** RFC 6749 section 5.2: a client that failed to authenticate by a header is told the scheme. */
  toAnswer(): Answer {
    const headers = this.error === "invalid_client" ? { "www-authenticate": 'Basic realm="token service"' } : {};
    return jsonAnswer(this.status, { error: this.error, error_description: this.message }, headers);
  }
}
