// Listens for SIGPIPE for a while, and no longer; then writes to peers that are gone.
import process from "node:process";
import { sleep, write } from "../../promised.ts";
import { epollEngine } from "../setup.ts";

const engine = epollEngine(process.argv[2] === "own" ? { ownThread: true } : {});
const [one, other] = await engine.pair();
const listener = () => {};
process.on("SIGPIPE", listener);
await sleep(50);
process.off("SIGPIPE", listener);
await sleep(50);
other.close();
const fds = new Int32Array(1024); // large enough to stay where it is
engine.sockets.libc.pipe2(new Uint8Array(fds.buffer), 0);
engine.sockets.libc.close(fds[0]!);
const pipe = engine.adopt(fds[1]!);
console.log((await write(pipe, "gone"))?.kind, (await write(pipe, "gone"))?.code);
pipe.close();
console.log((await write(one, "gone"))?.kind, (await write(one, "gone"))?.code);
one.close();
await engine.shutdown();
