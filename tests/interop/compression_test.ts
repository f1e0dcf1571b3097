// Compression with other implementations, both ways: what each sends is compressed, as far as it can be told to. C++ has the
// cases of compression, where each side says of a message whether it is to be compressed and the other one looks.
import { COMPRESSED_NAMES } from "./cases.ts";
import { type Sides, testBothWays } from "./both_ways.ts";
import { cpp, go, grpcJs, python } from "./peers.ts";

/** All that a peer and we send is compressed, where large and small messages go both ways. */
function all(compression: "gzip" | "deflate", compresses: Sides["compresses"] = ["client", "server"]): Sides {
  return {
    names: [
      "empty_unary",
      "large_unary",
      "client_streaming",
      "server_streaming",
      "ping_pong",
      "custom_metadata",
    ],
    how: `, all compressed by ${compression}`,
    flags: [`--compression=${compression}`],
    server: { compression },
    channel: { compression },
    compresses,
  };
}

testBothWays("C++", cpp, {
  names: COMPRESSED_NAMES,
  how: ", the cases of compression",
  flags: [],
  server: {},
  channel: {},
  compresses: ["client", "server"],
});
testBothWays("C++", cpp, all("deflate"));
testBothWays("Python", python, all("gzip"));
testBothWays("Python", python, all("deflate"));
testBothWays("Go", go, all("gzip"));
// A server of grpc-js does not compress.
testBothWays("grpc-js", grpcJs, all("gzip", ["client"]));
testBothWays("grpc-js", grpcJs, all("deflate", ["client"]));
