// The boss of reactor workers: it accepts every connection and hands each to the worker that has the fewest, and in turn
// where several have as few, as Netty's boss group does. So a worker that replaces one which died gets its share.

import { ADOPT, type Endpoint, type EventEngine, type FdAdoption } from "../../pollers/mod.ts";
import { DescriptorSender } from "./intake.ts";
import { ADOPTED, GONE, type Intake, STATE_BYTES } from "./protocol.ts";

/** The connection to one worker. */
interface Link {
  readonly sender: DescriptorSender;
  /** Its other end. */
  readonly intake: Intake;
}

/** Accepted connections, dealt out. */
export class Boss {
  private readonly links = new Map<number, Link>();
  /** Connections for which there was no worker. */
  private readonly unplaced: number[] = [];
  private next = 0;
  private retired = false;

  private constructor(private readonly engine: EventEngine, private readonly adoption: FdAdoption) {}

  /** Throws TypeError where the engine cannot hand descriptors over. */
  static on(engine: EventEngine): Boss {
    const adoption = engine.extension(ADOPT);
    if (adoption !== undefined) return new Boss(engine, adoption);
    throw new TypeError(
      `Cannot hand out connections: poller "${engine.name}" cannot detach them; use "epoll" on Linux, "iocp" on Windows`,
    );
  }

  /** Makes the link to worker `index`, and returns its other end. */
  async add(index: number): Promise<Intake> {
    const [ours, theirs] = await this.engine.pair();
    const state = new Int32Array(new SharedArrayBuffer(STATE_BYTES));
    const sender = new DescriptorSender(ours, state);
    const intake = { descriptor: this.adoption.detach(theirs), state };
    this.links.set(index, { sender, intake });
    for (const waiting of this.unplaced.splice(0)) sender.send(waiting);
    return intake;
  }

  /** Hands a connection to a worker. */
  place(accepted: Endpoint): void {
    this.placeDescriptor(this.adoption.detach(accepted));
  }

  /** Worker `index` is about to end: it gets no more connections, and its link ends after those it was sent. */
  release(index: number): void {
    this.links.get(index)?.sender.end();
  }

  /**
   * Worker `index` is gone: connections that it was sent and had not taken go to the others. Returns descriptors that do
   * not belong to the worker any more, and must not be closed with its resources.
   */
  remove(index: number): number[] {
    const { sender, intake: { descriptor, state } } = this.links.get(index)!;
    this.links.delete(index);
    Atomics.store(state, GONE, 1);
    const own = Atomics.load(state, ADOPTED) === 0 ? [descriptor] : [];
    own.forEach((one) => this.adoption.adopt(one).close());
    const untaken = sender.abandon();
    untaken.forEach((one) => this.placeDescriptor(one));
    return [...own, ...untaken];
  }

  /** No more connections come: every worker's link ends, after the connections it was sent. */
  retire(): void {
    for (const { sender } of this.links.values()) sender.end();
    this.retired = true;
    this.unplaced.splice(0).forEach((descriptor) => this.placeDescriptor(descriptor));
  }

  private placeDescriptor(descriptor: number): void {
    if (this.retired) return this.adoption.adopt(descriptor).close();
    const sender = this.choose();
    if (sender === undefined) this.unplaced.push(descriptor);
    else sender.send(descriptor);
  }

  /**
   * The link to the worker with the fewest connections; of several, another one each time. Where some take connections, none
   * waits for a worker that still loads its service module, and has the fewest.
   */
  private choose(): DescriptorSender | undefined {
    const open = [...this.links.values()].map(({ sender }) => sender).filter(({ ended }) => !ended);
    const taking = open.filter(({ isTaken }) => isTaken);
    const senders = taking.length > 0 ? taking : open;
    let chosen: DescriptorSender | undefined = undefined;
    let least = Infinity;
    const first = this.next++;
    for (let i = 0; i < senders.length; i++) {
      const sender = senders[(first + i) % senders.length]!;
      const { connections } = sender;
      if (connections >= least) continue;
      least = connections;
      chosen = sender;
    }
    return chosen;
  }
}
