// An engine whose poller thread never runs: its module throws.
import { SliceBuffer } from "../../../../pollers/mod.ts";
import { epollEngine } from "../setup.ts";

const engine = epollEngine();
const { waiting } = engine as unknown as { waiting: { poller: { module: URL } } };
waiting.poller.module = new URL("./not_there.ts", import.meta.url);
const [one, other] = await engine.pair();
engine.hold();
one.read(new SliceBuffer(), (error) => {
  console.log(error!.message);
  other.close();
  engine.release();
});
