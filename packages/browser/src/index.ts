export { encryptionKey } from "./store/encryption-key.ts";
export { indexedDbStore, type IndexedDbStore, type IndexedDbStoreOptions, type IndexedDbWarning } from "./store/indexed-db-store.ts";
export { sessionSource, type SessionSource, type SessionSourceOptions } from "./session/session-source.ts";
export { finishPopup, loginByPopup, type PopupOptions } from "./login/login-by-popup.ts";
export { loginByRedirect, type FinishedLogin, type RedirectLogin } from "./login/login-by-redirect.ts";
export type { LoginClient } from "./login/pending-logins.ts";
export {
  connectTokens,
  type ConnectedTokens,
  type ConnectTokensOptions,
  type WorkerLogin,
  type WorkerRegistration,
} from "./worker/connect-tokens.ts";
export { serveTokens, workerKeepAlive, type ServeTokensOptions } from "./worker/serve-tokens.ts";
