// The application throws at each place where it is called; says what was uncaught, and that the engine goes on.
import process from "node:process";
import { SliceBuffer } from "../../../../pollers/mod.ts";
import { readExactly, until, write } from "../../promised.ts";
import { epollEngine } from "../setup.ts";

const heard: string[] = [];
process.on("uncaughtException", (error) => heard.push((error as Error).message));
process.on("unhandledRejection", (error) => heard.push((error as Error).message));
const fail = (what: string) => (): never => {
  throw new Error(what);
};

const engine = epollEngine(process.argv[2] === "own" ? { ownThread: true } : {});
const [one, other] = await engine.pair();
const places: Record<string, (place: string) => void> = {
  "in onReadable": (place) => one.read(new SliceBuffer(), fail(place)),
  "at the turn's end": (place) => {
    one.read(new SliceBuffer(), () => {
      engine.execCtx.callback(fail(place));
      engine.execCtx.defer(fail(`${place}, first`));
    });
  },
  "in a task": (place) => void engine.runAt(engine.now(), fail(place)),
  "in run": (place) => engine.run(fail(place)),
};
for (const [place, start] of Object.entries(places)) {
  const before = heard.length;
  start(place);
  // What is read by nobody who throws is read here.
  const reads = place.startsWith("in onR") || place.startsWith("at");
  await write(other, "x");
  if (!reads) await readExactly(one, 1);
  await until(() => heard.length > before, place);
  await write(other, "and on");
  console.log(`${place}: ${new TextDecoder().decode(await readExactly(one, 6))}`);
}
one.close();
other.close();
await engine.shutdown();
