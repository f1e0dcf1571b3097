// RouteGuide called by a spin loop, as gRPC-Python's invocation kernel has one: all calls share one completion queue, each
// event goes to what its kind says, and the loop stops when nothing is due.
import {
  type Call,
  Channel,
  type ClientOperation,
  CompletionQueue,
  createCall,
  type MethodDescriptor,
  type MethodKind,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
} from "pollwire";
import { COMMON, readFlags, TLS } from "../route_guide/flags.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { makeNotes, POINT, RECTANGLE, ROUTE, show } from "../route_guide/tour.ts";
import { clientCredentials } from "../tls/mutual.ts";

type Kind = "metadata" | "write accepted" | "writes done" | "read" | "status";

/** What an event's tag says: of which call, and what has happened to it. */
interface Tag {
  readonly rpc: Rpc;
  readonly kind: Kind;
}

/** A call, as the kernel sees it. */
interface Rpc {
  /** What has been started and has had no event. */
  readonly due: Set<Kind>;
  on(kind: Kind, success: boolean): void;
}

/** Spins a queue for its calls. */
class Kernel {
  readonly queue: CompletionQueue<Tag>;
  readonly #rpcs = new Set<Rpc>();

  constructor(poller: string) {
    this.queue = new CompletionQueue({ poller });
  }

  add(rpc: Rpc): void {
    this.#rpcs.add(rpc);
  }

  /** Dispatches events until no call has anything due, then shuts the queue down. */
  async spin(): Promise<void> {
    for await (const { tag: { rpc, kind }, success } of this.queue) {
      rpc.due.delete(kind);
      rpc.on(kind, success);
      if (rpc.due.size === 0) this.#rpcs.delete(rpc);
      if (this.#rpcs.size === 0) this.queue.shutdown();
    }
  }
}

/** One call: sends its requests one by one, receives all responses, and ends with the status. */
class Invocation<Req, Res> implements Rpc {
  readonly due = new Set<Kind>();
  readonly #call: Call<Req, Res, Tag>;
  readonly #requests: Req[];
  readonly #responses: Res[] = [];
  #read = receiveMessage<Res>();
  readonly #status = receiveStatusOnClient();

  constructor(
    kernel: Kernel,
    method: MethodDescriptor<unknown, Res, MethodKind, Req, unknown>,
    requests: Iterable<Req>,
    private readonly show: (responses: readonly Res[]) => void,
  ) {
    kernel.add(this);
    this.#requests = [...requests];
    this.#call = createCall(channel, method, { queue: kernel.queue });
    this.#start("metadata", [sendInitialMetadata(), receiveInitialMetadata()]);
    this.#start("read", [this.#read]);
    this.#writeNext();
  }

  on(kind: Kind, success: boolean): void {
    switch (kind) {
      case "metadata":
      case "writes done":
        return; // the status says what went wrong
      case "write accepted":
        return success ? this.#writeNext() : undefined;
      case "read":
        return this.#onRead();
      case "status":
        return this.#onStatus();
    }
  }

  #onRead(): void {
    const { message } = this.#read;
    if (message === undefined) return this.#start("status", [this.#status]);
    this.#responses.push(message);
    this.#read = receiveMessage();
    this.#start("read", [this.#read]);
  }

  #onStatus(): void {
    const { status } = this.#status;
    if (status?.error !== undefined) throw status.error;
    this.show(this.#responses);
  }

  #writeNext(): void {
    const [request] = this.#requests.splice(0, 1);
    if (request === undefined) this.#start("writes done", [sendCloseFromClient()]);
    else this.#start("write accepted", [sendMessage(request)]);
  }

  #start(kind: Kind, operations: ClientOperation<Req, Res>[]): void {
    this.due.add(kind);
    this.#call.startBatch(operations, { rpc: this, kind });
  }
}

const { host, port, poller, tls } = readFlags("RouteGuide called by a spin loop over one queue.", {
  ...COMMON,
  ...TLS,
});
const channel = new Channel(`${host}:${port}`, { poller, credentials: clientCredentials(tls) });
const kernel = new Kernel(poller);
const { getFeature, listFeatures, recordRoute, routeChat } = RouteGuide.methods;

new Invocation(kernel, getFeature, [POINT], ([feature]) => feature && show.getFeature(feature));
new Invocation(kernel, listFeatures, [RECTANGLE], show.listFeatures);
new Invocation(kernel, recordRoute, ROUTE, ([summary]) => summary && show.recordRoute(summary));
new Invocation(kernel, routeChat, makeNotes(), show.routeChat);
await kernel.spin();
channel.close();
