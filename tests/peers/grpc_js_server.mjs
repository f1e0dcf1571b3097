// Serves the Peer service on Node with @grpc/grpc-js until its standard input ends: `node grpc_js_server.mjs [port]`.
import { serve } from "./grpc_js_service.mjs";

const { port } = await serve(Number(process.argv[2] ?? 0));
console.log(`listening ${port}`);
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
