/** A cell of a lane, in whole columns from the left and whole rows from below. */
export interface Cell {
  readonly column: number;
  readonly row: number;
}

/** Finds room in a lane for calls that end at the same time: on top of each other first, then to the right. */
export class Stacks {
  readonly #rows: number;
  /** For each lane, how many cells are taken in a column. Columns that nothing can come to any more are dropped. */
  readonly #lanes = new Map<string, Map<number, number>>();

  constructor(rows: number) {
    this.#rows = rows;
  }

  place(lane: string, earliest: number): Cell {
    const columns = this.#lanes.get(lane) ?? new Map<number, number>();
    this.#lanes.set(lane, columns);
    let column = earliest;
    while ((columns.get(column) ?? 0) >= this.#rows) column += 1;
    const row = columns.get(column) ?? 0;
    columns.set(column, row + 1);
    if (columns.size > 500) for (const old of columns.keys()) if (old < earliest - 300) columns.delete(old);
    return { column, row };
  }
}
