/** What a request is answered with when it does not leave the process. */
export const stubBody = '{"ok":true}';
export const stubHeaders: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "content-length": String(stubBody.length),
};
