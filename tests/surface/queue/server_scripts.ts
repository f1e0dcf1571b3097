// Scripts of a server's completion queue operations, and what runs them on this library; `core_server.c` runs them on
// gRPC's core. Lines that begin with "client" are what one client of both does.
import {
  CallError,
  Channel,
  type CompletionEvent,
  CompletionQueue,
  createClient,
  deadlineIn,
  queueMethod,
  QueueServer,
  receiveCloseOnServer,
  receiveMessage,
  receiveStatusOnClient,
  RequestedCall,
  RpcError,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  sendStatusFromServer,
  Server,
  type ServerOperation,
} from "pollwire";
import type { StatusCode } from "pollwire";
import { type Note, Trial } from "../serving.ts";

/** A script, its lines apart by "|". */
export interface ServerScript {
  readonly title: string;
  readonly lines: readonly string[];
}

const script = (title: string, lines: string): ServerScript => ({ title, lines: lines.split("|") });

/** What core and this library do alike. */
export const SERVER_SCRIPTS: readonly ServerScript[] = [
  script(
    "[Q44][Q48][Q52] a conversation",
    "request 1|client call|next 1|batch 2 rc|batch 3 rm|quiet 40|client send a|next 1|batch 4 rm|client end|next 1|" +
      "batch 5 rm|next 1|batch 6 sim sm:r|next 1|batch 7 ss|next 2|batch 8 sm|next 1|batch 9 rm|next 1|client status",
  ),
  script(
    "[Q29] an empty batch",
    "request 1|client call|next 1|batch 2|next 1|batch 3 sim ss|next 1|batch 4|next 1",
  ),
  script(
    "[Q64] a call before its request",
    "client call|client send a|request 1|next 1|batch 2 rm|next 1|batch 3 sim ss|next 1|client status",
  ),
  script(
    "[Q52] Trailers-Only",
    "request 1|client call|next 1|batch 2 sim ss=5|batch 3 rc|next 2|client status",
  ),
  script(
    "[Q52] CANCELLED as the status",
    "request 1|client call|next 1|batch 2 rc|batch 3 sim ss=1|next 2|client status",
  ),
  script(
    "[Q45][Q49][Q52] cancelled by the client",
    "request 1|client call|client send m|next 1|batch 2 rc|batch 3 rm|next 1|batch 4 rm|quiet 30|client cancel|next 2|" +
      "batch 5 sim sm|next 1|batch 6 ss|next 1|batch 7 rm|next 1|client status",
  ),
  script(
    "[Q52] the deadline",
    "request 1|client call 400|next 1|batch 2 rc|batch 3 rm|next 2|batch 4 sim ss|next 1|client status",
  ),
  script(
    "[Q41] cancelled by the server",
    "request 1|client call|next 1|batch 2 rc|batch 3 rm|cancel|next 2|cancel|batch 4 sim ss|next 1|client status",
  ),
  script(
    "[Q32] operations of clients",
    "request 1|client call|next 1|batch 2 sc|batch 3 rs|batch 4 sim ss|next 1|client status",
  ),
  script(
    "[Q28][Q33][Q34] kinds twice",
    "request 1|client call|next 1|batch 2 sim sim|batch 3 rm rm|batch 4 rc rc|batch 5 rc|batch 6 rc|client cancel|next 1",
  ),
  script(
    "[Q34] one message is received at a time",
    "request 1|client call|next 1|batch 2 rm|batch 3 rm|client cancel|next 1",
  ),
  script(
    "[Q33] the status once",
    "request 1|client call|next 1|batch 2 sim ss=9|next 1|batch 3 ss|client status",
  ),
  script("[Q36] no message", "request 1|client call|next 1|batch 2 sm-none"),
  script(
    "[Q37] flags that operations do not have",
    "request 1|client call|next 1|batch 2 ss!1|batch 3 rm!1|batch 4 rc!1|batch 5 sm!8|batch 6 sim!1",
  ),
  script("[Q61] a queue that is not registered", "foreign 1"),
  script(
    "[Q66][Q69][Q70][Q71] shutdown",
    "request 1|client call|next 1|batch 9 rc|request 2|shutdown 3|shutdown 4|next 1|request 5|next 1|quiet 30|cancelall|" +
      "next 3|client status|shutdown 6|next 1",
  ),
  script(
    "[Q69] shutdown lets a call finish",
    "request 1|client call|next 1|shutdown 2|quiet 30|batch 3 sim sm:a ss|next 2|client status",
  ),
  script(
    "[Q53] messages that were not read before the status",
    "request 1|client call|client send a|client send b|next 1|quiet 150|batch 2 rm|next 1|batch 3 sim ss|next 1|batch 4 rm|next 1|" +
      "client status",
  ),
  script(
    "[Q48] messages that wait, and their end",
    "request 1|client call|client send a|client send b|client end|next 1|quiet 40|batch 2 rm|next 1|batch 3 rm|next 1|" +
      "batch 4 rm|next 1|batch 5 sim sm:x ss|next 1|client status",
  ),
  script(
    "[Q53] a read that is pending at the status",
    "request 1|client call|next 1|batch 2 rm|batch 3 sim ss|next 2|client status",
  ),
  script(
    "[Q52] the close after the end",
    "request 1|client call|next 1|batch 2 sim ss|next 1|quiet 40|batch 3 rc|next 1",
  ),
  script(
    "[Q52] the close after the client has left",
    "request 1|client call|next 1|batch 2 rm|client cancel|next 1|batch 3 rc|next 1|batch 4 rm|next 1",
  ),
  script(
    "[Q30] reads and writes in one batch",
    "request 1|client call|next 1|batch 2 sim sm:a rm|quiet 40|client send b|next 1|batch 3 sm:c rm|client end|next 1|" +
      "batch 4 ss|next 1|client status",
  ),
  script(
    "[Q45] a batch with a read when the client leaves",
    "request 1|client call|next 1|batch 2 sim sm:a rm|quiet 40|client cancel|next 1",
  ),
  script(
    "[Q45] what is sent to a client that has left",
    "request 1|client call|next 1|batch 2 rc|client cancel|next 1|batch 3 sim sm:a ss|next 1",
  ),
  script(
    "[Q34] status while a message was just sent",
    "request 1|client call|next 1|batch 2 sim sm:a|next 1|batch 3 sm:b|next 1|batch 4 ss=11|next 1|client status",
  ),
  script(
    "[Q69] a request and two notifications without a call",
    "request 1|request 2|shutdown 3|next 2|next 1|shutdown 4|next 1|request 5|next 1",
  ),
];

/** A server that scripts run on. */
export interface ScriptedServer {
  readonly port: number;
  /** What comes of a line. */
  run(line: string): Promise<string[]>;
}

/** This library's. */
export class ServerHere implements ScriptedServer {
  private readonly server = new Server();
  private readonly calls = new QueueServer(this.server);
  private readonly queue = new CompletionQueue<number>();
  private readonly foreign = new CompletionQueue<number>();
  private readonly batches = new Map<number, ReadonlyArray<ServerOperation<Uint8Array, Uint8Array>>>();
  private readonly requests: Array<RequestedCall<Uint8Array, Uint8Array, number>> = [];
  port = 0;

  async start(): Promise<this> {
    this.calls.registerCompletionQueue(this.queue);
    this.server.addGenericService(queueMethod(this.calls));
    this.port = await this.server.listen("127.0.0.1:0");
    return this;
  }

  async run(line: string): Promise<string[]> {
    const [command, first, ...words] = line.split(" ");
    const number = Number(first);
    const said: string[] = [];
    const take = async (ms: number) => void said.push(this.say(await this.queue.next(deadlineIn(ms))));
    if (command === "next") { for (let i = 0; i < number; i++) await take(5_000); }
    else if (command === "quiet") await take(number);
    else {
      const error = refusal(() => this.begin(command!, number, words));
      if (error !== undefined) said.push(`refused ${number} ${error.code}`);
    }
    return said;
  }

  async close(): Promise<void> {
    this.server.close();
    await this.server.shutdown();
    for (const queue of [this.queue, this.foreign]) await queue[Symbol.asyncDispose]();
  }

  private begin(command: string, tag: number, words: string[]): void {
    const call = () => this.requests.find(({ isThere }) => isThere)!.call;
    switch (command) {
      case "request":
      case "foreign": {
        const wanted = new RequestedCall<Uint8Array, Uint8Array, number>();
        this.requests.push(wanted);
        return this.calls.requestCall(
          wanted,
          { queue: command === "request" ? this.queue : this.foreign },
          tag,
        );
      }
      case "batch": {
        const operations = words.map(operation);
        this.batches.set(tag, operations);
        return call().startBatch(operations, tag);
      }
      case "shutdown":
        return this.calls.shutdownAndNotify(this.queue, tag);
      case "cancel":
        return call().cancel();
      case "cancelall":
        return this.calls.cancelAllCalls();
      default:
        throw new Error(`There is no command ${command}`);
    }
  }

  private say(event: CompletionEvent<number>): string {
    if (event.type !== "OP_COMPLETE") return event.type;
    let line = `event ${event.tag} ${event.success}`;
    for (const operation of this.batches.get(event.tag) ?? []) {
      if (operation.type === "RECV_MESSAGE") line += ` message=${textOf(operation.message)}`;
      if (operation.type === "RECV_CLOSE_ON_SERVER") line += ` cancelled=${Number(operation.cancelled)}`;
    }
    return line;
  }
}

/** What a client does in a script. */
export class ScriptClient {
  private readonly channel: Channel;
  private readonly abort = new AbortController();
  private readonly requests: Note[] = [];
  private ended = false;
  private wake: () => void = () => {};
  private outcome: Promise<string> = Promise.resolve("no call");

  constructor(port: number) {
    this.channel = new Channel(`127.0.0.1:${port}`);
  }

  async run(line: string): Promise<string[]> {
    const [, command, value] = line.split(" ");
    if (command === "call") this.outcome = this.call(value === undefined ? 30_000 : Number(value));
    else if (command === "send") this.requests.push({ text: value! });
    else if (command === "end") this.ended = true;
    else if (command === "cancel") this.abort.abort();
    else return [await this.outcome];
    this.wake();
    return [];
  }

  async close(): Promise<void> {
    this.abort.abort();
    await this.outcome;
    this.channel.close();
  }

  private async call(deadlineMs: number): Promise<string> {
    const { both } = createClient(Trial, this.channel);
    const texts: string[] = [];
    try {
      const options = { deadlineMs, signal: this.abort.signal };
      for await (const { text } of both(this.source(), options)) texts.push(text!);
      return `status 0 ${texts}`;
    } catch (error) {
      if (error instanceof RpcError) return `status ${error.code} ${texts}`;
      throw error;
    }
  }

  private async *source(): AsyncGenerator<Note> {
    for (;;) {
      for (const note of this.requests.splice(0)) yield note;
      if (this.ended || this.abort.signal.aborted) return;
      await new Promise<void>((resolve) => this.wake = resolve);
    }
  }
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

function textOf(message: Uint8Array | undefined): string {
  return message === undefined ? "none" : new TextDecoder().decode(message.subarray(2));
}

/** A protobuf message whose field 1 is `text`. */
function messageOf(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.of(0x0a, bytes.length, ...bytes);
}

function operation(word: string): ServerOperation<Uint8Array, Uint8Array> {
  const [name, flagText = "0"] = word.split("!");
  const flags = Number.parseInt(flagText, 16);
  const [kind, value] = name!.split(/[:=]/);
  switch (kind) {
    case "sim":
      return sendInitialMetadata(undefined, flags);
    case "sm":
      return sendMessage(messageOf(value ?? "x"), flags);
    case "sm-none":
      return sendMessage(undefined as never);
    case "ss":
      return sendStatusFromServer(Number(value ?? 0) as StatusCode, "", undefined, flags);
    case "rm":
      return receiveMessage(flags);
    case "rc":
      return receiveCloseOnServer(flags);
    case "sc":
      return sendCloseFromClient() as never;
    case "rs":
      return receiveStatusOnClient() as never;
    default:
      throw new Error(`There is no operation ${word}`);
  }
}
