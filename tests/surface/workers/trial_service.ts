// The service that reactor workers run in tests: says who answered, and fails in whatever way it is told.
import process from "node:process";
import { parentPort } from "node:worker_threads";
import { Channel, createClient, type Server } from "pollwire";
import { runtime } from "../../harness.ts";
import { CHUNK, numbers, sleep, Trial } from "../serving.ts";

/** What a test asks of the workers. */
export interface TrialData {
  /** The module throws while it is set up. */
  readonly failing?: boolean;
  /** Where the test's own HTTP server is, for calls that wait for something which is not ours. */
  readonly http?: string;
}

/** Adds the trial service to a worker's server; `text` of a request says what its answer is about. */
export default function setUp(server: Server, { index, data }: { index: number; data: unknown }): void {
  const { failing, http } = (data ?? {}) as TrialData;
  if (failing) throw new Error("this service does not start");
  server.addService(Trial, {
    async one({ text = "", number = 0 }, call) {
      switch (text) {
        case "crash":
          setTimeout(() => {
            throw number === 0 ? new Error("crashed as asked") : Object.create(null);
          });
          return { number: index };
        case "hang": // in its last moments
          server.engine.shutdown = () => new Promise(() => {});
          setTimeout(() => {
            throw new Error("crashed as asked");
          });
          return { number: index };
        case "spin": // while this is being sent
          setTimeout(() => spin(number));
          return { number: index };
        case "post": // what the worker itself never would
          for (const message of [null, "text", { kind: "failed", reason: "posted" }]) {
            parentPort!.postMessage(message);
          }
          return { number: index };
        case "throw":
          throw new Error("thrown as asked");
        case "listen": // for the end of the call, and throws then; bun's test runner keeps to itself what the others do
          (runtime === "deno" ? AbortSignal.any([call.signal]) : call.signal).addEventListener(
            "abort",
            () => {
              throw new Error("thrown as asked");
            },
          );
          await sleep(60_000);
          return {};
        case "exit":
          process.exit(3);
          break;
        case "sleep":
          call.sendMetadata({});
          await sleep(number);
          return { number: index };
        case "fetch":
          return { number: index, text: await (await fetch(http!)).text() };
        case "call": { // a channel of the worker shares its engine
          const channel = new Channel(`127.0.0.1:${number}`);
          try {
            return await createClient(Trial, channel).one({ text: "who" });
          } finally {
            channel.close();
          }
        }
        default:
          return { number: index, text: server.engine.name };
      }
    },
    down: ({ number = 0 }) => numbers(number),
    async *both(requests) {
      for await (const { number = 0 } of requests) yield { number: number * 2, body: new Uint8Array(CHUNK) };
    },
  });
}

/** Keeps the thread for so long. */
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}
