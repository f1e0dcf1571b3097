// Loses its poller thread, hears of it, and has nothing more to do.
import { SliceBuffer } from "../../../../pollers/mod.ts";
import { breakThread } from "../breaking.ts";
import { epollEngine } from "../setup.ts";

const engine = epollEngine();
const [one, other] = await engine.pair();
one.read(new SliceBuffer(), (error) => {
  console.log(error!.message.split(": ").slice(0, 2).join(": "));
  other.close();
});
await breakThread(engine);
