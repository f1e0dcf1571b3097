// The RouteGuide server: `deno run -A server.ts` or `bun server.ts`, with --poller, --host, --port and --threads.
import { serve } from "./serve.ts";
import setUp from "./service.ts";

await serve("The RouteGuide server.", setUp, new URL("./service.ts", import.meta.url).href);
