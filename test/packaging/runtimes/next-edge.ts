/** The contract as a route of Next.js's edge runtime. */
import program from "./worker-program.ts";

export const POST = (request: Request): Promise<Response> => program.fetch(request);
