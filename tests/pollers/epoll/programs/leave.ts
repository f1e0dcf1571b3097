// Leaves an engine in one of several states, and has nothing more to do.
import process from "node:process";
import { read, write } from "../../promised.ts";
import { parked } from "../breaking.ts";
import { epollEngine } from "../setup.ts";

const [, , shape, state] = process.argv;
const engine = epollEngine(shape === "own" ? { ownThread: true } : {});
const [one, other] = await engine.pair();
switch (state) {
  case "closed while the thread starts":
    one.close();
    other.close();
    break;
  case "closed while the thread waits":
    await parked(engine);
    one.close();
    other.close();
    break;
  case "shut down while the thread starts":
    one.close();
    other.close();
    await engine.shutdown();
    break;
  case "shut down amid traffic":
    for (let i = 0; i < 2000; i++) {
      const reading = read(other);
      await write(one, "x");
      await reading;
    }
    void write(one, "on its way");
    one.close();
    other.close();
    await engine.shutdown();
    break;
  case "process.exit while the thread waits":
    await parked(engine);
    console.log("left");
    process.exit(0);
    break;
  default:
    throw new Error(`No state ${state}`);
}
console.log("left");
