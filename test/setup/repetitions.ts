/** Whether this is the run that writes the pages: `npx pnpm test -- --full`. */
export const isFullRun = process.env["TOKENFLIGHT_FULL"] === "1";

/** How often something is tried: often enough to show that it works in each run, and as often as the page is to say in the full one. */
export function repetitions({ ordinary, full }: { readonly ordinary: number; readonly full: number }): number {
  return isFullRun ? full : ordinary;
}

/** What the page promises of a wait, in milliseconds; in an ordinary run, which may share its machine with others, something more. */
export function promised({ page, ordinary }: { readonly page: number; readonly ordinary: number }): number {
  return isFullRun ? page : ordinary;
}
