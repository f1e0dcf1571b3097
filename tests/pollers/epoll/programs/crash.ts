// Loses its poller thread, reads on without it, and has nothing more to do.
import { IoError } from "../../../../pollers/mod.ts";
import { read } from "../../promised.ts";
import { breakThread } from "../breaking.ts";
import { epollEngine } from "../setup.ts";

const engine = epollEngine();
const [one, other] = await engine.pair();
const reading = read(one);
const { mended } = await breakThread(engine);
await mended;
other.close();
const ended = await reading;
console.log(ended instanceof IoError ? ended.kind : "bytes");
one.close();
