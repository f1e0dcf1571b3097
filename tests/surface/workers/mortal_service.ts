// The service of workers that die, hang for a while, lose their listeners and shut their servers down; answers with the worker's number.
import process from "node:process";
import { Channel, createSyncClient, Server } from "pollwire";
import { Trial } from "../serving.ts";

/** What is taken from an engine, so that its listeners end: see `ListeningSocket` of the epoll poller. */
interface Inside {
  readonly sockets?: { accept(fd: number): number };
}

/** What a test shares with its workers. */
export interface MortalData {
  /** Its first word is 1 once a worker spins. */
  readonly spinning?: Int32Array;
  /** Its first word counts the workers that were started. */
  readonly started?: Int32Array;
  /** Its first word is 1 once the call of a worker that shuts its server down may end. */
  readonly released?: Int32Array;
}

/** What a call gives that blocks until `target` answers. */
function blockFor(target: string): string {
  const channel = new Channel(target);
  try {
    return `answered by ${
      createSyncClient(Trial, channel).one({ text: "who" }, { deadlineMs: 5_000 }).number
    }`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    channel.close();
  }
}

/** Adds the trial service; `text` of a request says what happens. */
export default function setUp(server: Server, { index, data }: { index: number; data: unknown }): void {
  const { spinning, started, released } = (data ?? {}) as MortalData;
  if (started !== undefined) Atomics.add(started, 0, 1);
  server.addService(Trial, {
    async one({ text = "", number = 0 }, call) {
      if (text === "crash") {
        setTimeout(() => { // when the answer is out: of a write that is under way nothing is left
          throw new Error("crashed as asked");
        }, 50);
      } else if (text === "exit") {
        setTimeout(() => process.exit(3), 50);
      } else if (text === "spin") { // nothing else of the thread runs meanwhile
        if (spinning !== undefined) Atomics.store(spinning, 0, 1);
        for (const end = performance.now() + number; performance.now() < end;);
      } else if (text.startsWith("listen by ")) {
        const other = new Server({ poller: text.slice("listen by ".length) });
        other.addService(Trial, { one: (note) => note, down: () => [], up: () => ({}), both: () => [] });
        return { number: await other.listen("127.0.0.1:0") };
      } else if (text.startsWith("block for ")) {
        await new Promise((resolve) => setTimeout(resolve, 0)); // no callback of the engine
        return { number: index, text: blockFor(text.slice("block for ".length)) };
      } else if (text === "shut down") {
        void server.shutdown();
        call.sendMetadata({});
        while (Atomics.load(released!, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      } else if (text === "lose listener") {
        const { sockets } = server.engine as unknown as Inside;
        const { accept } = sockets!;
        sockets!.accept = () => {
          sockets!.accept = accept;
          return -9;
        };
      }
      return { number: index };
    },
  });
}
