// A thread that serves the trial service, so that another one can block until it answers.
import { onOwnerMessage, postToOwner, startData } from "../../../pollers/native/thread.ts";
import { type Note, Trial } from "../serving.ts";
import process from "node:process";
import {
  type Compression,
  errorDetails,
  RpcError,
  Server,
  type ServerCall,
  statusDetail,
  tls,
  type TlsServerOptions,
} from "pollwire";

/** What the thread is started with. */
export interface ServingOptions {
  readonly host: string;
  /** Default: plaintext. */
  readonly secured?: TlsServerOptions | undefined;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const aborted = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));

/** "wait 20" takes so long, "third" succeeds at the third attempt; "fail" ends with NOT_FOUND; anything else comes back. */
async function one(note: Note): Promise<Note> {
  const [what, number] = (note.text ?? "").split(" ");
  if (what === "wait") await sleep(Number(number));
  if (what === "fail") {
    throw new RpcError("NOT_FOUND", "no such note", {
      metadata: { "x-why": "absent" },
      statusDetails: [statusDetail(errorDetails.ErrorInfo, { reason: "ABSENT" })],
    });
  }
  return note;
}

/** Fails before the third attempt. */
function third({ metadata }: ServerCall): void {
  if (metadata.get("grpc-previous-rpc-attempts") !== "2") throw new RpcError("UNAVAILABLE", "not yet");
}

async function serve({ host, secured }: ServingOptions): Promise<void> {
  const server = new Server(secured === undefined ? {} : { credentials: tls.server(secured) });
  let [before, wireBytes] = [0, 0];
  server.observe({
    onMessageReceived(_call, _bytes, onWire) {
      [before, wireBytes] = [wireBytes, onWire];
    },
  });
  const compress = (call: ServerCall): void => {
    const said = call.metadata.get("x-compress");
    if (said !== undefined) call.compression = said as Compression;
  };
  server.addService(Trial, {
    one(note, call) {
      if (note.text === "third") third(call);
      if (note.text === "wire") return { number: wireBytes };
      if (note.text === "wire before") return { number: before };
      compress(call);
      call.sendMetadata({ "x-path": call.path });
      const said = call.metadata.get("x-said");
      if (said !== undefined) call.trailers.set("x-said", said);
      return one(note);
    },
    async *down(note, call) {
      if (note.text === "third") third(call);
      for (let number = 1; number <= note.number!; number++) {
        if (note.text === "slow") await sleep(5);
        if (note.text === "held" && number > 1) await aborted(call.signal);
        yield note.body === undefined ? { number } : { number, body: note.body };
      }
      if (note.text === "fail") throw new RpcError("ABORTED", "enough");
    },
    async up(notes, call) {
      let number = 0;
      for await (const note of notes) {
        if (note.text === "third") third(call);
        number += note.number ?? 1;
        if (note.text === "stop") break;
      }
      return { number };
    },
    async *both(notes, call) {
      compress(call);
      let number = 0;
      for await (const note of notes) {
        if (note.text === "pair" && number++ % 2 === 0) continue; // every other one is answered
        yield note;
      }
    },
  });
  const port = await server.listen(`${host}:0`);
  postToOwner(port);
  onOwnerMessage(() => void server.shutdown({ graceMs: 0 }).then(() => process.exit(0)));
}

const data = startData() as ServingOptions | undefined;
if (data !== undefined) void serve(data);
