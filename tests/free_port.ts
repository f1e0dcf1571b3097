// Ports for other people's programs, which have to be told one.
import { createServer } from "node:net";

/** Below the ports that systems give to those who ask for none, so that no connection has one meanwhile. */
const FIRST = 10_000;
const MOST = 22_000;

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = FIRST + Math.floor(Math.random() * MOST);
    if (await isFree(port)) return port;
  }
  throw new Error("Cannot find a free port: a hundred were taken");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
