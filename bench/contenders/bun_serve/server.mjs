// Bun's own HTTP/2 server answering as if it were gRPC, but for the trailers, which it cannot send: the ceiling of
// what the runtime's native code does with HTTP/2. Not a gRPC server. Prints `listening PORT`.
import process from "node:process";

const server = globalThis.Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  http2: true,
  async fetch(request) {
    const body = await request.arrayBuffer();
    return new Response(body, { headers: { "content-type": "application/grpc", "grpc-status": "0" } });
  },
});
console.log(`listening ${server.port}`);
process.stdin.on("end", () => process.exit(0)).resume();
