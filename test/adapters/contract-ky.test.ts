import { waysOf } from "../clients/clients.ts";
import { adapterContract } from "../contract/adapter.ts";

for (const way of waysOf.ky) adapterContract(way);
