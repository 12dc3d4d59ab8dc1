import { waysOfUse } from "../clients/clients.ts";
import { adapterContract } from "../contract/adapter.ts";

for (const way of waysOfUse) adapterContract(way);
