// A few channels to one server, of which one is replaced now and then.
import { Channel, createClient } from "pollwire";
import { Soak, type SoakClient } from "./service.ts";

const CHANNELS = 4;

/** A channel, and the calls that use it. */
class Place {
  readonly channel: Channel;
  readonly client: SoakClient;
  users = 0;
  retired = false;

  constructor(target: string) {
    this.channel = new Channel(target, { shareConnections: false });
    this.client = createClient(Soak, this.channel);
  }

  closeIfDone(): void {
    if (this.retired && this.users === 0) this.channel.close();
  }
}

/** Spreads calls over its channels in turn. */
export class ChannelPool {
  private readonly places: Place[];
  private next = 0;

  /** Connects with the first calls. */
  constructor(private readonly target: string) {
    this.places = Array.from({ length: CHANNELS }, () => new Place(target));
  }

  /** Runs `body` with the client of one channel, which stays open as long. */
  async use<T>(body: (client: SoakClient) => Promise<T>): Promise<T> {
    const place = this.places[this.next++ % CHANNELS]!;
    place.users++;
    try {
      return await body(place.client);
    } finally {
      place.users--;
      place.closeIfDone();
    }
  }

  /** Puts a new channel in the place of the one whose turn it is; that one is closed after its last call. */
  replaceOne(): void {
    const at = this.next % CHANNELS;
    const old = this.places[at]!;
    this.places[at] = new Place(this.target);
    old.retired = true;
    old.closeIfDone();
  }

  /** Closes every channel. */
  close(): void {
    for (const { channel } of this.places) channel.close();
  }
}
