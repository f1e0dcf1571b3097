// The thread of one reactor worker: its own engine, server and service module; nothing is shared but the port.

import {
  ADOPT,
  createEngine,
  defaultReporter,
  type ErrorHandler,
  type EventEngine,
  formatAddress,
  isInstance,
  messageOf,
  parseTarget,
  stackOf,
} from "../../pollers/mod.ts";
import {
  endThread,
  onOwnerMessage,
  onUncaught,
  postToOwner,
  startData,
} from "../../pollers/native/thread.ts";
import { shareEngine, shutDownEngines } from "../engines.ts";
import { insecure, tls } from "../credentials/mod.ts";
import { Server } from "../full/server.ts";
import { serveHere } from "../server/served_here.ts";
import { styledServer } from "../server/server.ts";
import { tellHoldings } from "../thread_holdings.ts";
import type { ShutdownOptions } from "../server/server_options.ts";
import { readDescriptors } from "./intake.ts";
import {
  ADOPTED,
  type FromWorker,
  GONE,
  type Intake,
  OPEN,
  TAKEN,
  type ToWorker,
  type WorkerStart,
} from "./protocol.ts";
import type { ServiceSetup } from "./service_module.ts";

class ReactorWorker {
  private readonly engine: EventEngine;
  private readonly server: Server;
  private failing = false;
  private draining = false;
  /** Where it listens. */
  private port = 0;
  private lastTaken: Promise<void> = Promise.resolve();

  constructor(private readonly start: WorkerStart) {
    tellHoldings(tell);
    this.engine = createEngine(start.poller, { ownThread: true });
    this.engine.hold(); // the thread ends with a drain, not by being idle
    shareEngine(this.engine);
    const onError: ErrorHandler = (error, context) => {
      defaultReporter.report(error, context);
      if (context.where === "listener") void this.listenAgain();
    };
    const { credentials } = start;
    const secured = credentials === undefined
      ? {}
      : { credentials: credentials === insecure ? insecure : tls.server(credentials) };
    this.server = new Server({ ...start.options, ...secured, poller: this.engine, reusePort: true, onError });
    this.followShutdown();
    onUncaught((error) => void this.fail(error));
    onOwnerMessage((message) => void this.drain((message as ToWorker).options));
  }

  async serve(): Promise<void> {
    const { module, address, intake, index, data } = this.start;
    const { default: setUp } = await import(module) as { default?: ServiceSetup };
    if (typeof setUp !== "function") {
      throw new TypeError(`the service module has no function as its default export: ${typeof setUp}`);
    }
    await setUp(this.server, { index, data });
    const port = intake === undefined ? await this.server.listen(address) : 0;
    this.port = port;
    if (intake !== undefined) this.takeIn(intake);
    tell({ kind: "serving", port });
  }

  /** Where the service module shuts the server down, other workers get the connections, and one takes this one's place. */
  private followShutdown(): void {
    styledServer("follow its shutdown", this.server).styles.add({
      onStart() {},
      onShutdown: () => {
        if (!this.draining) tell({ kind: "stopping" });
      },
      onOver: () => {
        if (!this.draining) void this.fail(new Error("its service module has shut the server down"));
      },
      describePending: () => [],
    });
  }

  /** The listener has ended by itself. Where there can be no other one, another worker takes this one's place. */
  private async listenAgain(): Promise<void> {
    const at = parseTarget(this.start.address);
    try {
      await this.server.listen(formatAddress("port" in at ? { ...at, port: this.port } : at));
    } catch (error) {
      if (!this.draining) await this.fail(error);
    }
  }

  /** Serves the connections that a boss accepts. */
  private takeIn({ descriptor, state }: Intake): void {
    const adoption = this.engine.extension(ADOPT)!;
    const isGone = (): boolean => Atomics.load(state, GONE) === 1;
    if (isGone()) return;
    const from = adoption.adopt(descriptor);
    Atomics.store(state, ADOPTED, 1);
    const take = (descriptor: number): void => {
      if (isGone()) return;
      const accepted = adoption.adopt(descriptor);
      Atomics.add(state, OPEN, 1);
      Atomics.add(state, TAKEN, 1);
      this.server.serveEndpoint(accepted, () => void Atomics.sub(state, OPEN, 1));
    };
    const notServedHere = serveHere(parseTarget(this.start.address));
    this.lastTaken = new Promise((resolve) => {
      const end = (): void => {
        notServedHere();
        from.close();
        resolve();
      };
      readDescriptors(from, take, end);
    });
  }

  /** Ends the thread in order, so that no resource of it has to be reclaimed. */
  async fail(error: unknown): Promise<void> {
    if (this.failing) return;
    this.failing = true;
    const stack = isInstance(error, Error) ? stackOf(error) : undefined;
    tell({ kind: "failed", reason: messageOf(error), stack });
    await this.lastTaken; // the boss ends it when it gets the "failed" message
    await shutDownEngines(); // its connections are cut
    endThread();
  }

  private async drain(options: ShutdownOptions): Promise<void> {
    this.draining = true;
    await this.lastTaken; // the boss has ended it: what was accepted is served
    await this.server.shutdown(options);
    await shutDownEngines(); // channels that the service has left open are closed with them
    tell({ kind: "drained" });
    endThread();
  }
}

function tell(message: FromWorker): void {
  postToOwner(message);
}

const start = startData() as WorkerStart | undefined;
// Importing this by mistake starts nothing.
if (start !== undefined) {
  const worker = new ReactorWorker(start);
  // Not awaited: Deno releases all of a thread only where its module has run to its end.
  void worker.serve().catch((error) => worker.fail(error));
}
