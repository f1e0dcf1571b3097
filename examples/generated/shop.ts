// A shop on generated code: `pollwire gen` made orders.ts of orders.proto, and the compiler knows every message.
import { Channel, createClient, dateFromTimestamp, Server, timestampFromDate } from "pollwire";
import { Event, Order, Shop, State } from "./orders.ts";

const orders = new Map<bigint, Order>();

/** Where an order goes: of a oneof the compiler knows which member is there. */
function destination(order: Order): string {
  switch (order.delivery) {
    case "address":
      return order.address;
    case "counter":
      return `counter ${order.counter}`;
    default:
      return "nowhere";
  }
}

const server = new Server();
server.addService(Shop, {
  place: (order) => { // whole: fields that were not sent have their defaults
    const number = BigInt(orders.size + 1);
    orders.set(number, order);
    return { number };
  },
  async *follow({ number }) {
    const order = orders.get(number);
    if (order === undefined) return;
    const at = timestampFromDate(new Date(0));
    yield { at, note: `${Object.keys(order.items).length} items` }; // what is sent may leave fields out
    yield { state: State.PACKED, at };
    yield { state: "DELIVERED", at, note: destination(order) };
  },
});
const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
const shop = createClient(Shop, channel);

const receipt = await shop.place({ items: { apples: 3, pears: 1 }, counter: 2 });
for await (const event of shop.follow(receipt)) {
  const since = event.at === undefined ? "" : dateFromTimestamp(event.at).getUTCFullYear();
  console.log(receipt.number, event.state, since, event.note);
}
console.log(Order.toJsonString({ items: { apples: 3 }, address: "Main Street 1" }));
console.log(Event.decode(Event.encode({ state: State.DELIVERED })).state);

channel.close();
await server.shutdown();
