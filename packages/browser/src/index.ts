export { indexedDbStore, type IndexedDbStore, type IndexedDbStoreOptions, type IndexedDbWarning } from "./store/indexed-db-store.ts";
