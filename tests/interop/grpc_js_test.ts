import { testBothWays } from "./both_ways.ts";
import { grpcJs } from "./peers.ts";

testBothWays("grpc-js", grpcJs);
