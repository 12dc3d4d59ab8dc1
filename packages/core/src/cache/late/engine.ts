import { isCalledFrom } from "../../refresh/callers.ts";
import { privateCell } from "../../refresh/cell.ts";
import type { SubjectParts } from "../../refresh/refresh.ts";
import { StoreCell, type EntryName, type StoreAccess } from "../../refresh/store-cell.ts";
import { SubjectTokenCache } from "../subject-token-cache.ts";

/** A subject, as its token cache is made of it. */
export interface Subject extends Omit<SubjectParts, "cell"> {
  /** Its entry in a store; undefined for tokens that one cache keeps to itself. */
  readonly entry: { readonly access: StoreAccess; readonly name: EntryName } | undefined;
}

/** Whatever asks a store or a token source, behind one object, so that a program can start without it. */
export interface Engine {
  createSubject(subject: Subject): SubjectTokenCache;
  /** Whether the running code was called by a token source whose token request is in this queue. */
  isCalledFrom(queue: object): boolean;
}

export const engine: Engine = {
  createSubject({ entry, source, queue, freshness, clock, limits, lifetime, observe }) {
    const cell = entry === undefined ? privateCell() : new StoreCell(entry.access, entry.name);
    return new SubjectTokenCache({ source, cell, queue, freshness, clock, limits, lifetime, observe });
  },
  isCalledFrom,
};
