export { sqliteStore, type SqliteStore, type SqliteStoreOptions, type SqliteWarning } from "./sqlite-store.ts";
