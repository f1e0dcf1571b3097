// The Echo service with a handler that computes: what a service costs that does something.
import { loadProto } from "pollwire";

const { Echo } = await loadProto(new URL("../../echo.proto", import.meta.url));
const BUSY_MS = 0.1;

/** Adds it to a server. */
export default function setUp(server) {
  server.addService(Echo, {
    unary: (payload) => {
      const end = performance.now() + BUSY_MS;
      while (performance.now() < end);
      return payload;
    },
  });
}
