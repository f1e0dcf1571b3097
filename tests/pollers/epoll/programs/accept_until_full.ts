// Accepts under a low limit of descriptors; says what it hears, and goes on once descriptors are free again.
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import type { Endpoint } from "../../../../pollers/mod.ts";
import { PlainSocket } from "../../plain_peer.ts";
import { LOOPBACK, read, until, write } from "../../promised.ts";
import { parked } from "../breaking.ts";
import { countDescriptors, epollEngine } from "../setup.ts";

const engine = epollEngine(process.argv[2] === "own" ? { ownThread: true } : {});
let shutDown = false;
const accepted: Endpoint[] = [];
const pauses: string[] = [];
const listener = engine.listen(
  { onAcceptPaused: (error) => pauses.push(`${error.kind} ${error.syscall} ${error.code}`) },
  (endpoint) => accepted.push(endpoint),
  (error) => {
    console.log(`shutdown: ${error?.message}`);
    shutDown = true;
  },
);
const bound = await listener.bind(LOOPBACK);
if (!bound.ok) throw new Error(bound.error.message);
listener.start();
const at = { family: "ipv4", host: "127.0.0.1", port: bound.value } as const;

const first = await PlainSocket.connect(at);
await until(() => accepted.length === 1, "the first connection");

await parked(engine); // the poller thread needs descriptors to start
// Every descriptor but one is taken: it is the client's.
const files: number[] = [];
try {
  for (;;) files.push(openSync("/dev/null", "r"));
} catch (error) {
  console.log(`full: ${(error as { code: string }).code}`);
}
closeSync(files.pop()!);
const second = await PlainSocket.connect(at);
await until(() => pauses.length >= 2, "two pauses");
console.log(`accepted: ${accepted.length}, paused: ${new Set(pauses).size} kind of error: ${pauses[0]}`);

// What is connected already goes on meanwhile.
await write(accepted[0]!, "hello");
console.log(`heard: ${new TextDecoder().decode(await first.readExactly(5))}`);
const refused = await new Promise<string>((resolve) =>
  engine.connect(
    at,
    {},
    (result) => resolve(result.ok ? "connected" : `${result.error.kind} ${result.error.code}`),
  )
);
console.log(`connect: ${refused}`);

for (const file of files.splice(0)) closeSync(file);
await until(() => accepted.length === 2, "the second connection");
await second.write("late");
console.log(`then: ${new TextDecoder().decode(await read(accepted[1]!) as Uint8Array)}`);

for (const endpoint of accepted) endpoint.close();
listener.shutdown();
first.destroy();
second.destroy();
await until(() => shutDown, "the end of the listener");
await engine.shutdown();
console.log(`few descriptors: ${countDescriptors() < 40}`);
