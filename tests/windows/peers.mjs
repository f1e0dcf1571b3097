// Linux peers for tests that run as Windows programs: they ask here for a process of Node, which Wine cannot start.
//
// A connection is one peer's life. The first line says which, as JSON; the first line back is what it says for itself.
// The peer is killed when the connection ends.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const TESTS = fileURLToPath(new URL("../", import.meta.url));

/** What can be asked for: a peer's script with arguments, or a text to be evaluated. */
function argumentsOf({ script, source, args = [] }) {
  if (source !== undefined) return ["-e", source, ...args];
  if (!/^(interop\/)?peers\/\w+\.mjs$/.test(script)) {
    throw new Error(`There is no peer ${JSON.stringify(script)}`);
  }
  return [TESTS + script, ...args];
}

/** Listens on loopback; gives the port, and a way to end it together with every peer. */
export function startPeers() {
  const children = new Set();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let asked = "";
    let child = undefined;
    socket.on("error", () => {});
    socket.on("close", () => child?.kill("SIGKILL"));
    socket.on("end", () => child?.kill("SIGKILL"));
    socket.setEncoding("utf8").on("data", (text) => {
      asked += text;
      if (child !== undefined || !asked.includes("\n")) return;
      child = spawn("node", argumentsOf(JSON.parse(asked.split("\n")[0])), {
        stdio: ["pipe", "pipe", "inherit"],
      });
      children.add(child);
      child.stdout.on("data", (bytes) => socket.write(bytes));
      child.on("close", () => {
        children.delete(child);
        socket.end();
      });
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const end = () => {
        server.close();
        for (const child of children) child.kill("SIGKILL");
      };
      resolve({ port: server.address().port, end });
    });
  });
}
