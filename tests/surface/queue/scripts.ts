// Scripts of completion queue operations, and what runs them on this library; `core_client.c` runs them on gRPC's core.
import {
  CallError,
  Channel,
  type ClientOperation,
  CompletionQueue,
  createCall,
  deadlineIn,
  receiveCloseOnServer,
  receiveInitialMetadata,
  type ReceiveMessage,
  receiveMessage,
  type ReceiveStatusOnClient,
  receiveStatusOnClient,
  RpcError,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  sendStatusFromServer,
  watchConnectivityState,
} from "pollwire";
import type { ConnectivityState } from "pollwire";
import type { Call, CompletionEvent, ServerCall } from "pollwire";
import { type Note, Trial } from "../serving.ts";

/** A script; requests, and the metadata "do", are what the server does: respond=TEXT, finish=CODE, metadata. */
export interface Script {
  readonly title: string;
  readonly lines: string;
  /** Its server takes what comes and says nothing, not even that the deadline has passed for it too. */
  readonly silent: boolean;
}

const script = (title: string, lines: string, silent = false): Script => ({ title, lines, silent });

/** What core and this library do alike. */
export const SCRIPTS: readonly Script[] = [
  script("[Q29] an empty batch", "call 5000\nbatch 1\nnext 1\ncancel\nbatch 2\nnext 1"),
  script(
    "[Q28] a kind twice in a batch",
    "call 5000\nbatch 1 sim sim\ncall 5000\nbatch 2 rm rm\ncall 5000\nbatch 3 rim sim rim",
  ),
  script(
    "[Q32] operations of servers",
    "call 5000\nbatch 1 ss\ncall 5000\nbatch 2 rc\ncall 5000\nbatch 3 sim sc rc",
  ),
  script(
    "[Q36] no message, and metadata that cannot be sent",
    "call 5000\nbatch 1 sm-none\ncall 5000\nbatch 2 sim-bad",
  ),
  script(
    "[Q37] flags that an operation does not have",
    [...["sim!1", "sim!2", "sim!10", "sim!100", "sm!8", "sm!10", "sm!20", "sm!100"], ...[
      "sc!1",
      "rim!1",
      "rm!1",
      "rs!1",
    ]]
      .map((operation, i) => `call 5000\nbatch ${i} ${operation}`).join("\n"),
  ),
  script(
    "[Q37] flags that it has",
    "call 5000\nbatch 1 sim!a4 sm!7 rs\ncancel\nnext 1\ncall 5000\nbatch 2 sim!20 sm!1 rs\ncancel\nnext 1",
  ),
  script(
    "[Q33] what a call has once",
    "call 5000\nbatch 1 sim\nnext 1\nbatch 2 sim\ncall 5000\nbatch 3 sim rim rs sc\nbatch 4 rs\ncancel\nnext 1\nbatch 5 rim",
  ),
  script("[Q33] a half-close twice", "call 5000\nbatch 1 sim sc\nnext 1\nbatch 2 sc\ncancel"),
  script("[Q34] one message each way", "call 5000\nbatch 1 sim rm\nbatch 2 rm\ncancel\nnext 1"),
  script(
    "[Q30] all in one batch",
    "call 5000\nbatch 1 sim sm:respond=a;finish sc rim rm rs\nnext 1",
  ),
  script("[Q28] in any order", "call 5000\nbatch 1 rs rm sc rim sm:respond=a;finish sim\nnext 1"),
  script(
    "[Q48] the end of the server's messages",
    "call 5000\nbatch 1 sim:respond=a;finish sc\nnext 1\nbatch 2 rim\nnext 1\nbatch 3 rm\nnext 1\nbatch 4 rm\nnext 1\nbatch 5 rs\nnext 1\nbatch 6 rm\nnext 1\nbatch 7 sm\nnext 1",
  ),
  script(
    "[Q47] Trailers-Only",
    "call 5000\nbatch 1 sim:finish=5 sc\nbatch 2 rim\nbatch 3 rs\nbatch 4 rm\nnext 4",
  ),
  script(
    "[Q50] a message before initial metadata was asked for",
    "call 5000\nbatch 1 sim:respond=a\nbatch 2 rm\nnext 1\nquiet 60\nbatch 3 rim\nnext 2\ncancel",
  ),
  script(
    "[Q45] a message after the half-close",
    "call 5000\nbatch 1 sim sc\nnext 1\nbatch 2 sm\nnext 1\nbatch 3 rs\ncancel\nnext 1",
  ),
  script(
    "[Q45][Q49][Q51] cancelled while the server is silent",
    "call 5000\nbatch 1 sim sm:x\nbatch 2 rim\nbatch 3 rs\nbatch 4 rm\nnext 1\nquiet 30\ncancel\nnext 3\nbatch 5 sm\nnext 1\nbatch 6 sc\nnext 1\nbatch 7 rm\nnext 1",
  ),
  script(
    "[Q49][Q51] cancelled in one batch",
    "call 5000\nbatch 1 sim rim rm rs\nquiet 30\ncancel\nnext 1\ncancel\nquiet 20",
  ),
  script(
    "[Q46][Q49] the deadline while the server is silent",
    "call 800\nbatch 1 sim\nbatch 2 rim\nbatch 3 rs\nbatch 4 rm\nnext 4\nbatch 5 sm\nnext 1",
    true,
  ),
  script(
    "[Q46] a deadline that has passed",
    "call -10\nbatch 1 sim sc\nbatch 2 rs\nnext 2\nbatch 3 rm\nnext 1",
  ),
  script(
    "[Q53] OK waits for messages",
    "call 5000\nbatch 1 sim:respond=a;respond=b;finish rim\nbatch 2 rs\nnext 1\nquiet 60\nbatch 3 rm\nnext 1\nbatch 4 rm\nnext 2",
  ),
  script(
    "[Q46][Q53] the deadline while OK waits for messages",
    "call 800\nbatch 1 sim:respond=a;respond=b;finish rim\nbatch 2 rs\nnext 1\nnext 1\nbatch 3 rm\nnext 1",
  ),
  script(
    "[Q46][Q53] the deadline before OK was asked for, and messages are there",
    "call 800\nbatch 1 sim:respond=a;respond=b;finish rim\nnext 1\nquiet 1000\nbatch 2 rs\nnext 1\nbatch 3 rm\nnext 1",
  ),
  script(
    "[Q46][Q53] the deadline while another status waits for messages",
    "call 800\nbatch 1 sim:respond=a;finish=10 rim\nbatch 2 rs\nnext 1\nnext 1\nbatch 3 rm\nnext 1",
  ),
  script(
    "[Q41][Q53] cancelled while OK waits for messages",
    "call 5000\nbatch 1 sim:respond=a;respond=b;finish rim\nbatch 2 rs\nnext 1\nquiet 60\ncancel\nnext 1\nbatch 3 rm\nnext 1",
  ),
  script(
    "[Q53] another status waits for messages as well",
    "call 5000\nbatch 1 sim:respond=a;finish=10 sc rim\nbatch 2 rs\nnext 1\nquiet 60\nbatch 3 rm\nnext 2\nbatch 4 rm\nnext 1",
  ),
  script(
    "[Q53] messages are received before another status is asked for",
    "call 5000\nbatch 1 sim:respond=a;finish=10 rim\nnext 1\nquiet 60\nbatch 3 rm\nnext 1\nbatch 4 rm\nnext 1\nbatch 5 rs\nnext 1",
  ),
  script(
    "[Q54] the message of a batch that failed",
    "call 5000\nbatch 1 sim:respond=a;finish rim\nnext 1\nquiet 60\nbatch 2 sm rm\nnext 1\nbatch 3 rs\nnext 1",
  ),
  script(
    "[Q54] the message of a batch with the status",
    "call 5000\nbatch 1 sim:respond=a;finish rim\nnext 1\nquiet 60\nbatch 2 sm rm rs\nnext 1",
  ),
  script(
    "[Q44] a conversation",
    "call 5000\nbatch 1 sim rim\nbatch 2 sm:metadata\nnext 2\nbatch 3 rm\nbatch 4 sm:respond=a\nnext 2\nbatch 5 sm:respond=b;respond=c\nnext 1\nbatch 6 rm\nnext 1\nbatch 7 rm\nnext 1\nbatch 8 sc rs\nquiet 20\ncancel\nnext 1",
  ),
  script(
    "[Q38] a message with BUFFER_HINT waits for one without",
    "call 5000\nbatch 1 sim\nnext 1\nquiet 40\nbatch 2 sm:metadata!1\nnext 1\nbatch 3 rim\nquiet 60\nbatch 4 sm:respond=a\nbatch 5 rm\nnext 3\ncancel\nbatch 6 rs\nnext 1",
  ),
  script(
    "[Q41] cancelled before it began",
    "call 5000\nbatch 1 rm\nbatch 2 rs\ncancel\nnext 2\nbatch 3 sim sm\nnext 1\nbatch 4 rim\nnext 1",
  ),
  script(
    "[Q11][Q21] plucking, and after the shutdown",
    "plucking\ncall 5000\nbatch 1\nbatch 2\nbatch 1\npluck 3\nshutdown\npluck 3\npluck 2\npluck 1\npluck 1\npluck 1",
  ),
  script(
    "[Q58][Q59] watches: another state at once, and the deadline without a call",
    "watch 2 1000 1\nnext 1\nwatch 0 60 2\nquiet 20\nnext 1\nwatch 0 1000 3\ncall 5000\nbatch 4 sim:finish rim rs\nnext 2",
  ),
  script(
    "[Q20][Q21] a queue that is shut down",
    "call 300\nbatch 1 sim sc\nbatch 2 rs\nshutdown\nshutdown\ndrain\nquiet 1",
  ),
];

/** What the server of the scripts does for one call. */
export async function* obey(requests: AsyncIterable<Note>, call: ServerCall): AsyncGenerator<Note> {
  const first = call.metadata.get("do");
  const aborted = new Promise<"aborted">((resolve) =>
    call.signal.addEventListener("abort", () => resolve("aborted"))
  );
  const reader = requests[Symbol.asyncIterator]();
  for (let commands = typeof first === "string" ? first : undefined;; commands = undefined) {
    if (commands === undefined) {
      const next = await reader.next().catch(() => undefined);
      if (next?.done !== false) return void await aborted; // a client that has half-closed has said what to do before
      commands = next.value.text ?? "";
    }
    for (const command of commands.split(";")) {
      const [word, value = ""] = command.split("=");
      if (word === "respond") yield { text: value };
      if (word === "metadata") call.sendMetadata({});
      if (word === "finish" && value === "") return;
      if (word === "finish") throw new RpcError(Number(value), "");
    }
  }
}

/** What a batch receives. */
interface Received {
  readonly message: ReceiveMessage<Note> | undefined;
  readonly status: ReceiveStatusOnClient | undefined;
}

const STATES: readonly ConnectivityState[] = ["IDLE", "CONNECTING", "READY", "TRANSIENT_FAILURE"];

/** Runs `lines` on this library; gives what `core_client.c` prints, in groups a line. */
export async function runHere(target: string, lines: string): Promise<string[][]> {
  using channel = new Channel(target);
  let queue = new CompletionQueue<number>();
  const batches = new Map<number, Received>();
  const groups: string[][] = [];
  const calls: Array<Call<Note, Note, number>> = [];
  let call: Call<Note, Note, number> | undefined;
  for (const line of lines.split("\n")) {
    const [command, first, ...operations] = line.split(" ");
    const number = Number(first);
    const said: string[] = [];
    const take = async (deadlineMs: number): Promise<CompletionEvent<number>> => {
      const event = await queue.next(deadlineIn(deadlineMs));
      said.push(eventLine(event, event.type === "OP_COMPLETE" ? batches.get(event.tag) : undefined));
      return event;
    };
    if (command === "plucking") {
      queue.destroy();
      queue = new CompletionQueue({ completionType: "PLUCK" });
    } else if (command === "pluck") {
      const event = await queue.pluck(number, deadlineIn(60));
      said.push(eventLine(event, batches.get(number)));
    } else if (command === "watch") {
      const [ms, tag] = operations.map(Number);
      watchConnectivityState(channel, STATES[number]!, deadlineIn(ms!), queue, tag!);
    } else if (command === "call") {
      call = createCall(channel, Trial.methods.both, { queue, deadline: deadlineIn(number) });
      calls.push(call);
    } else if (command === "batch") {
      const made = operations.map(operation);
      batches.set(number, {
        message: made.find((one) => one.type === "RECV_MESSAGE"),
        status: made.find((one) => one.type === "RECV_STATUS_ON_CLIENT"),
      });
      const error = refusal(() => call!.startBatch(made, number));
      if (error !== undefined) said.push(`refused ${number} ${error.code}`);
    } else if (command === "next") {
      for (let i = 0; i < number; i++) await take(5_000);
    } else if (command === "quiet") await take(number);
    else if (command === "cancel") call!.cancel();
    else if (command === "shutdown") queue.shutdown();
    else while ((await take(5_000)).type === "OP_COMPLETE");
    groups.push(said);
  }
  for (const one of calls) one.cancel();
  await queue[Symbol.asyncDispose]();
  return groups;
}

function refusal(start: () => void): CallError | undefined {
  try {
    start();
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  return undefined;
}

function eventLine(event: CompletionEvent<number>, received: Received | undefined): string {
  if (event.type !== "OP_COMPLETE") return event.type;
  let line = `event ${event.tag} ${event.success}`;
  if (received?.message !== undefined) line += ` message=${received.message.message?.text ?? "none"}`;
  if (received?.status !== undefined) line += ` status=${received.status.status?.code}`;
  return line;
}

function operation(word: string): ClientOperation<Note, Note> {
  const [name, flagText = "0"] = word.split("!");
  const flags = Number.parseInt(flagText, 16);
  const [kind, text] = name!.split(/:(.*)/);
  switch (kind) {
    case "sim":
      return sendInitialMetadata(text === undefined ? undefined : { do: text }, flags);
    case "sim-bad":
      return sendInitialMetadata({ "Bad Key": "v" });
    case "sm":
      return sendMessage({ text: text ?? "x" }, flags);
    case "sm-none":
      return sendMessage(undefined as never);
    case "sc":
      return sendCloseFromClient(flags);
    case "rim":
      return receiveInitialMetadata(flags);
    case "rm":
      return receiveMessage(flags);
    case "rs":
      return receiveStatusOnClient(flags);
    case "ss":
      return sendStatusFromServer() as never;
    case "rc":
      return receiveCloseOnServer() as never;
    default:
      throw new Error(`There is no operation ${word}`);
  }
}
