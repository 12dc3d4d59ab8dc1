import { bearer } from "@tokenflight/undici";
import * as newest from "undici";
import type { Dispatcher } from "undici";
import * as lowest from "undici-lowest";
import { oddRequests, type OddClient } from "./odd-requests.ts";

type Undici = Pick<typeof newest, "Agent">;

const undiciClient = (name: string, { Agent }: Undici): OddClient => ({
  name,
  connect(tokens, origin) {
    const agent = new Agent();
    const dispatcher = tokens === undefined ? agent : agent.compose(bearer(tokens, { origins: origin }));
    return async ({ path, method, body, headers }) => {
      const options = { origin, path, method, ...(headers === undefined ? {} : { headers }), ...(body === undefined ? {} : { body }) };
      const response = await dispatcher.request(options as Dispatcher.RequestOptions);
      await response.body.arrayBuffer();
      return response.statusCode;
    };
  },
});

oddRequests(undiciClient("undici", newest));
oddRequests(undiciClient("undici 7.0", lowest as unknown as Undici));
