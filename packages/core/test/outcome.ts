/** What has become of a promise so far, for tests that move the clock by hand. */
export class Outcome<Value> {
  state: "pending" | "resolved" | "rejected" = "pending";
  value: Value | undefined;
  reason: unknown;

  constructor(promise: Promise<Value>) {
    promise.then(
      (value) => {
        this.state = "resolved";
        this.value = value;
      },
      (reason: unknown) => {
        this.state = "rejected";
        this.reason = reason;
      },
    );
  }

  /** The `code` of the error that it was rejected with. */
  get code(): unknown {
    return (this.reason as { code?: unknown } | undefined)?.code;
  }
}
