// The boss of reactor workers: it accepts every connection and hands them out in turn, as Netty's boss group does.

import { ADOPT, type Endpoint, type EventEngine, type FdAdoption } from "../../pollers/mod.ts";
import { DescriptorSender, readDescriptors } from "./intake.ts";

/** Accepted connections, dealt out one worker after another. */
export class Boss {
  private readonly senders = new Map<number, DescriptorSender>();
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
      `Cannot hand out connections: poller "${engine.name}" has no descriptors; use "epoll", or sharing "reuse-port"`,
    );
  }

  /** Makes the way to worker `index`, and gives the descriptor of its end. */
  async employ(index: number): Promise<number> {
    const [ours, theirs] = await this.engine.pair();
    const sender = new DescriptorSender(ours);
    this.senders.set(index, sender);
    const descriptor = this.adoption.detach(theirs);
    for (const waiting of this.unplaced.splice(0)) sender.send(waiting);
    return descriptor;
  }

  /** Hands a connection to whose turn it is. */
  place(accepted: Endpoint): void {
    this.placeDescriptor(this.adoption.detach(accepted));
  }

  /** Worker `index` is about to go: it gets nothing more, and hears the end after what it was sent. */
  release(index: number): void {
    this.senders.get(index)?.end();
    this.senders.delete(index);
  }

  /** Worker `index` is gone: what it was sent and has not taken goes to the others. `intake` is its end's descriptor. */
  dismiss(index: number, intake: number): void {
    const untaken = this.senders.get(index)?.abandon() ?? [];
    this.senders.delete(index);
    const rest = this.adoption.adopt(intake);
    const place = (descriptor: number): void => this.placeDescriptor(descriptor);
    readDescriptors(rest, place, () => rest.close());
    untaken.forEach(place);
  }

  /** No more connections come: every worker hears the end, after what was sent to it. */
  retire(): void {
    for (const sender of this.senders.values()) sender.end();
    this.senders.clear();
    this.retired = true;
    this.unplaced.splice(0).forEach((descriptor) => this.placeDescriptor(descriptor));
  }

  private placeDescriptor(descriptor: number): void {
    if (this.retired) return this.adoption.adopt(descriptor).close();
    const senders = [...this.senders.values()];
    if (senders.length === 0) this.unplaced.push(descriptor);
    else senders[this.next++ % senders.length]!.send(descriptor);
  }
}
