// So many servers in one process, each on a loopback address of its own, all at one port.
import process from "node:process";
import { Server } from "pollwire";
import { hostOf, Scale } from "./service.ts";

let port = 0;
for (let number = 0; number < Number(process.argv[2]); number++) {
  const server = new Server();
  server.addService(Scale, { which: () => ({ number }) });
  port = await server.listen(`${hostOf(number)}:${port}`);
}
console.log(`listening ${port}`);
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
