// Pauses accepting while descriptors have run out, for runtimes that do not report it.
//
// Bun retries the accept that fails as fast as it can, and nothing stops it but closing its listening socket, which
// would reset the connections in the backlog. So each listening socket has a second descriptor, made in advance: the
// first one is closed, the socket keeps listening, and once there are descriptors again Bun gets the second one to
// accept on.

import type { EventEngine, TaskHandle } from "../contract/engine.ts";
import type { Libc } from "../ffi/libc.ts";
import { noDescriptorLeft } from "./descriptors.ts";
import { duplicator, type Spares } from "./spares.ts";

/** How often to check for free descriptors: for so long Bun may retry in vain, at the cost of a core. */
const WATCH_MS = 100;

/** The first check: not while a server starts. */
const FIRST_WATCH_MS = 10;

/** A listening socket of the runtime. */
export interface ListeningSocket {
  /** Its descriptor; negative where that is not known. */
  readonly descriptor: number;
  /** Closes the descriptor. */
  rest(): void;
  /** Accepts on another descriptor of the same socket. */
  goOn(descriptor: number): void;
}

/** Pauses the sockets of one listener while no descriptor is left. */
export class Starvation {
  /** The second descriptors. */
  private readonly spares = new Map<ListeningSocket, number>();
  private readonly resting = new Set<ListeningSocket>();
  private task: TaskHandle | undefined = undefined;
  private starved = false;
  private readonly look = (): void => this.lookOnce();

  /**
   * `descriptors` has room for the second descriptors. `onStarved` gets the system's code as long as there are no descriptors,
   * `onFed` is called when there are some again.
   */
  constructor(
    private readonly engine: EventEngine,
    private readonly descriptors: Spares,
    private readonly sockets: readonly ListeningSocket[],
    private readonly onStarved: (code: string) => void,
    private readonly onFed: () => void = () => {},
  ) {}

  /** Checks from now on. */
  begin(): void {
    if (this.task === undefined) this.lookLater(FIRST_WATCH_MS);
  }

  /** Stops checking, and closes the paused sockets and the second descriptors. */
  end(): void {
    if (this.task !== undefined) this.engine.cancel(this.task);
    for (const spare of this.spares.values()) this.descriptors.close(spare, duplicator()!);
    this.spares.clear();
    this.resting.clear();
  }

  private lookLater(ms: number): void {
    this.task = this.engine.runAt(this.engine.now() + ms, this.look);
  }

  private lookOnce(): void {
    this.lookLater(WATCH_MS); // first: `onStarved` may end all this
    const code = noDescriptorLeft();
    if (code === undefined) return this.fed();
    for (const socket of this.spares.keys()) {
      if (this.resting.has(socket)) continue;
      this.resting.add(socket);
      socket.rest();
    }
    this.starved = true;
    this.onStarved(code);
  }

  private fed(): void {
    const libc = duplicator();
    if (libc !== undefined) {
      for (const socket of this.resting) if (!this.wake(socket, libc)) return; // starved again
      for (const socket of this.sockets) {
        if (!this.spares.has(socket)) this.setAside(socket, socket.descriptor, libc);
      }
    }
    if (!this.starved) return;
    this.starved = false;
    this.onFed();
  }

  /** True: the socket accepts again, and has a second descriptor once more. */
  private wake(socket: ListeningSocket, libc: Libc): boolean {
    const descriptor = this.spares.get(socket)!;
    if (!this.setAside(socket, descriptor, libc)) return false;
    if (noDescriptorLeft() === undefined) { // one for the connection that is accepted
      this.resting.delete(socket);
      this.descriptors.give(descriptor);
      socket.goOn(descriptor);
      return true;
    }
    this.descriptors.close(this.spares.get(socket)!, libc);
    this.spares.set(socket, descriptor);
    return false;
  }

  private setAside(socket: ListeningSocket, descriptor: number, libc: Libc): boolean {
    const spare = descriptor < 0 ? -1 : this.descriptors.make(descriptor, libc);
    if (spare >= 0) this.spares.set(socket, spare);
    return spare >= 0;
  }
}
