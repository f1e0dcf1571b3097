// TLS handshakes that cost the server what they do not cost the client.
import { Duplex } from "node:stream";
import { connect } from "node:tls";

/** The hello of a client that will not come further: recorded once, it is good for any number of connections. */
const hello = new Promise((resolve) => {
  const recorder = new Duplex({ read() {}, write: (bytes) => resolve(bytes) });
  connect({ socket: recorder, ALPNProtocols: ["h2"], servername: "localhost" }).on("error", () => {});
});

/** See `../list.mjs`. */
export default [
  {
    name: "tls-hello-flood",
    says: "client hellos without end, 100 at a time: each is answered with keys and a signature",
    secure: true,
    async run(attack) {
      const options = { preface: await hello, quiet: true };
      const one = async () => {
        while (!attack.over) {
          const peer = attack.peer(options);
          const answered = new Promise((resolve) => peer.socket.once("data", resolve));
          await Promise.race([answered, peer.ended, attack.sleep(2_000)]);
          peer.close();
        }
      };
      await Promise.all(Array.from({ length: 100 }, one));
    },
  },
  {
    name: "tls-half-handshakes",
    says: "2,000 connections that say hello and nothing after it",
    secure: true,
    run: async (attack) => attack.crowd(2_000, () => {}, { preface: await hello, quiet: true, batch: 200 }),
  },
  {
    name: "tls-idle-handshakes",
    says: "2,000 connections that do not say hello",
    secure: true,
    run: (attack) => attack.crowd(2_000, () => {}, { preface: new Uint8Array(0), quiet: true, batch: 200 }),
  },
];
