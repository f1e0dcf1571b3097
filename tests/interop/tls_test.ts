// Other implementations of gRPC over mutual TLS, both ways; our server knows their clients by an authorization policy.
import { tls } from "pollwire";
import { peersAreRemote } from "../peers/remote.ts";
import { testBothWays } from "./both_ways.ts";
import { authority, certificateFolder, CLIENT, own, shown } from "./certificates.ts";
import { cpp, go, grpcJs, python } from "./peers.ts";

const SIDES = {
  names: [
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "custom_metadata",
    "status_code_and_message",
    "unimplemented_method",
    "cancel_after_first_response",
    "channel_soak",
  ],
  how: " over mutual TLS",
  flags: [`--tls=${certificateFolder()}`],
  server: {
    credentials: tls.server({ ...shown, clientCa: authority.cert }),
    authorization: {
      name: "interop",
      allow_rules: [{ name: "the client", source: { principals: [CLIENT] } }],
    },
  },
  channel: { credentials: tls.client({ ca: authority.cert, ...own }) },
  leaves: "a runtime's TLS sockets have timers that end after them",
};

// From Wine its programs are started on another system, which has other folders.
const remote = peersAreRemote ? "certificates are not found from Wine" : undefined;
testBothWays("grpc-js", { ...grpcJs, missing: remote ?? grpcJs.missing }, SIDES);
testBothWays("Python", python, SIDES);
testBothWays("C++", cpp, SIDES);
testBothWays("Go", go, SIDES);
